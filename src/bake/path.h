/*
 * Paths as bounded text, built by formatting. Runs in `sandlot bake`.
 */
#ifndef BAKE_PATH_H
#define BAKE_PATH_H

#include <limits.h>
#include <sys/types.h>

#include "base/error.h"

struct path {
	char text[PATH_MAX];
};

/* Formats a path. Returns 0, or -ENAMETOOLONG with a text; ret_path is then empty. */
int path_format(struct path *ret_path, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Makes a folder and those above it that are missing (mode 0755). Returns 0 or a negative errno. */
int path_make_folders(const char *path, struct error *err);

/* Does something exist there (a dangling symbolic link counts)? Returns 1 or 0. */
int path_exists(const char *path);

/*
 * Is this a name that stays below the folder it is used in: relative, not empty, no empty, "." or
 * ".." parts, no backslash and no control characters? Returns 1 or 0.
 */
int path_is_below(const char *path);

/* Does a link at path, relative to some folder, whose target is as given stay inside it? 1 or 0. */
int path_target_is_inside(const char *path, const char *target);

/*
 * Writes a whole new file with this mode; an existing one is replaced by rename(2), so that what is
 * hard-linked elsewhere never changes. Returns 0 or a negative errno.
 */
int path_write_file(const char *path, mode_t mode, const void *data, size_t len, struct error *err);

#endif
