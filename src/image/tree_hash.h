/*
 * What is in an image's tree, as one SHA-256: of a line for each entry below its top, sorted by the
 * bytes of their paths (strcmp(3)),
 *
 *   PATH NUL TYPE " " MODE " " SIZE " " HASH "\n"
 *
 * PATH relative to the top, without a leading slash; TYPE f, d or l; MODE four octal digits; SIZE
 * in decimal, 0 for folders and links; HASH of a file's bytes or a link's target, "-" for folders.
 * Owners and times are no part of it. The top itself has no line.
 *
 * Runs where trees are made, and in sandlot-verify, over trees that may be hostile: everything is
 * opened from its folder's fd, no link is followed, no mount entered, and depth and number are
 * bounded. Memory: the names of the folders from the top down to where it stands.
 */
#ifndef IMAGE_TREE_HASH_H
#define IMAGE_TREE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/digest.h"

enum { TREE_DEPTH_MAX = 64, TREE_ENTRIES_MAX = 1 << 20 };

struct tree_hash {
	uint8_t sha256[DIGEST_BYTES];
	/*
	 * The quick digest: of path, type, mode, size, inode and change time of every entry. While
	 * it stays the same so does the tree, as far as the kernel's clock can tell. All 0 when
	 * something was changed so shortly before that the next change might carry the same time.
	 */
	uint8_t quick[DIGEST_BYTES];
	uint64_t entries;
	uint64_t bytes; /* of all files */
};

/* Gets each line as it is hashed. line: borrowed, len bytes with NUL and "\n". Returns 0, or a
 * negative errno to stop. */
typedef int tree_line_visit(void *owner, const char *line, size_t len, struct error *err);

/*
 * Hashes the tree that root_fd (borrowed; may be O_PATH) is the top of. visit may be NULL. Returns
 * 0; -EINVAL with a text that names what no image may hold (a device, a pipe, a mount, too much);
 * another negative errno with the path that could not be read; or what visit returned.
 */
int tree_hash(int root_fd, tree_line_visit *visit, void *owner, struct tree_hash *ret_hash,
	      struct error *err);

/* The quick digest alone: looks at every entry, reads no file. As tree_hash(). */
int tree_hash_quick(int root_fd, uint8_t ret_quick[DIGEST_BYTES], struct error *err);

#endif
