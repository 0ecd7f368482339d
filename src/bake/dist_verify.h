/*
 * Getting a signed file of the distribution: it counts only when both its published SHA-256 and its
 * detached OpenPGP signature, by a key the operator has named, are good.
 */
#ifndef BAKE_DIST_VERIFY_H
#define BAKE_DIST_VERIFY_H

#include "bake/bake.h"

/*
 * name: below the configured address. Returns 1 with the file, which is in the cache, and its
 * SHA-256; 0 when it cannot be had, which is said; -EBADMSG, with a text, when something is not
 * good about it; another negative errno.
 */
int dist_verify(struct bake *bake, const char *name, struct path *ret_path,
		char ret_sha256[DIGEST_HEX_SIZE], struct error *err);

#endif
