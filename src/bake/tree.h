/*
 * Folders with everything in them: removed, hard-linked, copied, made uniform. Runs in `sandlot
 * bake`. Symbolic links are never followed and other file systems never entered; what is neither a
 * regular file, a folder nor a symbolic link is refused.
 */
#ifndef BAKE_TREE_H
#define BAKE_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

/* What tree_walk() found. path: relative to the top, "" for the top itself. Borrowed. */
struct tree_entry {
	const char *path;
	const char *full_path;
	const struct stat *st;
};

/* Returns 0 to go on, 1 to leave out what is below this folder, or a negative errno to stop. */
typedef int tree_visit(void *owner, const struct tree_entry *entry, struct error *err);

/* Calls visit for everything in the tree, folders before what is in them, in the order of names. */
int tree_walk(const char *top, tree_visit *visit, void *owner, struct error *err);

/* Removes a tree, or does nothing when there is none. */
int tree_remove(const char *top, struct error *err);

/*
 * Lays a tree over another: folders are made, files hard-linked (copied across file systems),
 * symbolic links made again. A file that is in both, or a folder where the other has none, is
 * refused with -EEXIST. Counts into *files when it is not NULL.
 */
int tree_link(const char *from, const char *to, uint64_t *files, struct error *err);

/* Copies a file's bytes to a new file (shared extents where the file system can). ret_size may be
 * NULL. */
int tree_copy_file(const char *from, const char *to, mode_t mode, uint64_t *ret_size,
		   struct error *err);

/*
 * Makes a tree uniform: root's, mtime as given, files 0644 or 0755 (when anyone may execute them),
 * folders 0755; set-id and sticky bits go.
 */
int tree_normalise(const char *top, int64_t mtime_sec, struct error *err);

#endif
