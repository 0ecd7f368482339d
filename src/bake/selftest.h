/*
 * An image is accepted only when its languages work: each one's hello and checks, as the manifest
 * has them, are compiled and run in cells, by the very templates the server will use, and how they
 * end and what they print is compared. Run by `sandlot bake`, and by `sandlot image verify
 * --selftest` once the signature over the manifest was found good.
 */
#ifndef BAKE_SELFTEST_H
#define BAKE_SELFTEST_H

#include <jansson.h>

#include "bake/bake.h"

/*
 * Runs all of them. bake: its image, programs and progress are used; each test is an item done.
 * scratch: a folder of the caller's. Returns 0, or -EIO with language, test and difference, what
 * was printed in bake->tail.
 */
int selftest_run(struct bake *bake, const json_t *manifest, const char *scratch, struct error *err);

#endif
