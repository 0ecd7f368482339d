/*
 * The lines an image's tree_sha256 is the hash of (tree_hash.h), as a file beside the tree: with
 * it, the first entry that differs can be told by name. It needs no signature of its own, for it is
 * the list when its SHA-256 is tree_sha256, and is not used when it is not.
 */
#ifndef IMAGE_TREE_LIST_H
#define IMAGE_TREE_LIST_H

#include <stdint.h>

#include "base/error.h"
#include "image/tree_hash.h"

#define TREE_LIST_FILE "tree.list"

enum { TREE_LIST_BYTES_MAX = 64 << 20 };

/*
 * Hashes the tree below root_fd and writes its list into folder_fd, in one step over one that is
 * there. Both borrowed, may be O_PATH. Returns and errors as tree_hash().
 */
int tree_list_make(int folder_fd, int root_fd, struct tree_hash *ret_hash, struct error *err);

/*
 * Hashes the tree below root_fd and compares it with sha256. Returns 0 when it is the same; -ESTALE
 * when not, with a text that names the first difference when folder_fd has the list, and else says
 * that there is one; or errors as tree_hash(). ret_hash: set when it returns 0.
 */
int tree_list_compare(int folder_fd, int root_fd, const uint8_t sha256[DIGEST_BYTES],
		      struct tree_hash *ret_hash, struct error *err);

#endif
