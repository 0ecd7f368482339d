/* Mounts, as /proc/self/mountinfo shows them (proc(5)). */
#ifndef STORE_MOUNTS_H
#define STORE_MOUNTS_H

#include <stdio.h>

#include "bake/path.h"
#include "base/error.h"

/*
 * Is something mounted on the folder or below it? Returns 1 and where, 0, or a negative errno.
 * folder: absolute, without links.
 */
int mounts_below(const char *folder, struct path *ret_mount, struct error *err);

/* The same for a file in mountinfo's format: for tests. */
int mounts_find(FILE *mountinfo, const char *folder, struct path *ret_mount);

#endif
