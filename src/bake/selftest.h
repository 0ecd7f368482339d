/*
 * An image is accepted only when its languages work: each recipe's hello and checks are compiled
 * and run in cells, by the very templates the server will use, and what they print is compared.
 */
#ifndef BAKE_SELFTEST_H
#define BAKE_SELFTEST_H

#include <jansson.h>

#include "bake/bake.h"

/* Runs all of them. scratch: a folder of the caller's. Returns 0, or -EIO with language, test and
 * difference. */
int selftest_run(struct bake *bake, const json_t *manifest, const char *scratch, struct error *err);

#endif
