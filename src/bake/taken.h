/*
 * What an image has besides Debian's packages and crates: files of some folder, taken into a layer
 * of the cache and known from then on by the hash of the tree they make (image/tree_hash.h). That
 * is remembered under an identity that is quick to find, so that a gigabyte is not hashed at each
 * bake.
 */
#ifndef BAKE_TAKEN_H
#define BAKE_TAKEN_H

#include "bake/bake.h"
#include "bake/folder_files.h"

/* All borrowed. */
struct taken {
	const char *kind;	   /* of the layer: "rust", "tool" */
	const char *name;	   /* of the part */
	const char *to;		   /* where it goes, relative to the image's root */
	struct folder_files files; /* from where; folder: not looked at by taken_known() */
	const char *identity;	   /* 64 hex digits: the same for the same files */
};

/* What came of it. */
struct taken_result {
	char tree_sha256[DIGEST_HEX_SIZE];
	struct path layer; /* holds root/TO */
};

/* Is it in the cache already? Returns 1 with ret_result filled in, 0, or a negative errno. */
int taken_known(struct bake *bake, const struct taken *taken, struct taken_result *ret_result,
		struct error *err);

/*
 * Takes the files. tree_sha256: what they must be, or NULL. Returns 0; -EBADMSG when they are not,
 * with ret_result->tree_sha256 saying what they are; another negative errno.
 */
int taken_make(struct bake *bake, const struct taken *taken, const char *tree_sha256,
	       struct taken_result *ret_result, struct error *err);

#endif
