/*
 * The manifest's languages: what the recipes say, with the versions found by asking the compilers
 * in cells.
 */
#ifndef BAKE_LANGUAGES_H
#define BAKE_LANGUAGES_H

#include <jansson.h>

#include "bake/bake.h"

/*
 * The whole manifest (docs/manifest.md) for the image in bake->image, whose tree must be complete.
 * ret_manifest: new reference. Returns 0, or a negative errno: a compiler that does not answer is a
 * failure.
 */
int languages_manifest(struct bake *bake, const char *id, json_t **ret_manifest, struct error *err);

#endif
