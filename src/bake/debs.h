/*
 * Debian packages by their SHA-256, in the cache: looked for there, on the mirror and in snapshots,
 * and unpacked. What is in the cache is checked at each use.
 */
#ifndef BAKE_DEBS_H
#define BAKE_DEBS_H

#include <jansson.h>

#include "bake/apt.h"
#include "bake/bake.h"

/* Which packages of the list are not in the cache. ret_missing: a new package list. */
int debs_missing(struct bake *bake, const json_t *list, json_t **ret_missing, struct error *err);

/*
 * Downloads those packages of the list that apt's sources have exactly so. ret_missing: a new
 * package list, of what they do not have.
 */
int debs_get(struct apt *apt, const json_t *list, json_t **ret_missing, struct error *err);

/*
 * Unpacks the packages of the list, which must be in the cache, over each other into the folder
 * root. merge: {FOLDER: where it goes to}, with a link made at FOLDER.
 */
int debs_unpack(struct bake *bake, const json_t *list, const json_t *merge, const char *root,
		struct error *err);

#endif
