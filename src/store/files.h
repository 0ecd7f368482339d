/* Which files of two trees differ. */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include <jansson.h>

#include "base/error.h"

/*
 * Compares the trees below two folders. Two files are the same when they are one (inode), and else
 * when type, mode, size and content (or link target) are; content is read only when all others
 * are. Owners and times do not count. ret_diff: a new object {"added": [...], "removed": [...],
 * "changed": [...]} with paths below the tops, sorted. Returns 0, -EINTR, or another negative
 * errno.
 */
int files_compare(const char *before, const char *after, json_t **ret_diff, struct error *err);

#endif
