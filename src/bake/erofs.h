/*
 * The EROFS form of an image: one uncompressed file system file that holds what root/ holds, made
 * by mkfs.erofs(1). The same tree gives the same bytes, wherever and in whatever order its files
 * were made; another version of mkfs.erofs may give others, which is why the tree's hash stands
 * beside the file's in the record. Runs in `sandlot bake` and `sandlot image`.
 */
#ifndef BAKE_EROFS_H
#define BAKE_EROFS_H

#include <stdint.h>

#include "bake/child.h"
#include "base/error.h"
#include "image/record.h"

/* Everything is borrowed. */
struct erofs_spec {
	const char *root;	    /* the tree */
	const char *file;	    /* to make; must not be there */
	int64_t epoch;		    /* time of every file in it */
	const uint8_t *tree_sha256; /* RECORD_HASH_BYTES; names the file system (its UUID) */
	child_line *line; /* called often while it is made, with NULL or a line; or NULL */
	void *owner;	  /* line's */
};

/*
 * Makes the file, mode 0644. Returns 0, or a negative errno: -ENOENT when mkfs.erofs is not
 * installed, -EIO with its last line when it fails; there is no file then.
 */
int erofs_make(const struct erofs_spec *spec, struct error *err);

/* Fills in the record's erofs_bytes, erofs_sha256 and form from the file. Returns 0 or -errno. */
int erofs_measure(const char *file, struct image_record *record, struct error *err);

/* What the file is called while it is made for an image. */
#define EROFS_NEW RECORD_EROFS_NAME ".new"

/* Everything is borrowed. */
struct erofs_image {
	const char *folder;	     /* the image's, with root/ */
	int64_t epoch;		     /* as above */
	child_line *line;	     /* as above */
	void *owner;		     /* as above */
	struct image_record *record; /* has tree_sha256; erofs_measure() fills in the rest */
};

/*
 * Makes an image's file of its tree and puts it into its place, over one that is there. It comes
 * before the record that names it is written: a record without it would be a damaged image, the
 * reverse is none. The cache's lock must be held. Returns as erofs_make().
 */
int erofs_add(const struct erofs_image *image, struct error *err);

#endif
