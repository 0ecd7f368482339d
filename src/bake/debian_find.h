/*
 * Which packages exactly, and where from: the mirror and the snapshots that are configured.
 */
#ifndef BAKE_DEBIAN_FIND_H
#define BAKE_DEBIAN_FIND_H

#include "bake/apt.h"
#include "bake/bake.h"

/* Zero-initialise but for bake; debian_find_close() it. */
struct debian_find {
	struct bake *bake;
	struct apt mirror; /* opened when it is first needed */
	int has_mirror;
};

void debian_find_close(struct debian_find *find);

/*
 * Gets the packages of a list into the cache: from the mirror, then from snapshots, as they were at
 * the time of the lock. ret_missing: a new package list of what none of them has; empty when all is
 * there.
 */
int debian_find_get(struct debian_find *find, const json_t *list, json_t **ret_missing,
		    struct error *err);

/* What the mirror has for the names and what they depend on. ret_list: a new package list. */
int debian_find_newest(struct debian_find *find, const json_t *names, json_t **ret_list,
		       struct error *err);

#endif
