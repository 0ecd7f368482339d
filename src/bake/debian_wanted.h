/*
 * Which Debian packages an image wants, by name: the base's and recipes', and in place of other
 * sources, those of channels and tools. Pure.
 */
#ifndef BAKE_DEBIAN_WANTED_H
#define BAKE_DEBIAN_WANTED_H

#include "bake/bake.h"

/* To be freed with debian_wanted_fini(). */
struct debian_wanted {
	json_t *names;	      /* name list (packages.h) */
	json_t *alternatives; /* {PART: name list}; PART as debian_part() says */
};

/* all: 1 every alternative there is; 0 those that bake->channels and bake->tools have taken. */
int debian_wanted_find(const struct bake *bake, int all, struct debian_wanted *ret_wanted,
		       struct error *err);

/* The names of both together: a new name list, or NULL for want of memory. */
json_t *debian_wanted_together(const struct debian_wanted *wanted);

void debian_wanted_fini(struct debian_wanted *wanted);

#endif
