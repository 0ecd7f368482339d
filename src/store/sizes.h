/*
 * What images and parts of them take on the disk, with what is hard-linked counted once.
 */
#ifndef STORE_SIZES_H
#define STORE_SIZES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/inodes.h"
#include "store/store.h"

struct image_size {
	uint64_t bytes;	    /* on the disk, all of it */
	uint64_t own_bytes; /* of it, what no other of the images has */
};

/*
 * Measures images together. ret_sizes: count of them; ret_total: what they take in all. Returns 0
 * or a negative errno; an image that is removed meanwhile counts as far as it was there.
 */
int sizes_of_images(const struct store_image *images, size_t count, struct image_size *ret_sizes,
		    uint64_t *ret_total, struct error *err);

/* What a folder or file takes by itself. Nothing there: 0. */
int sizes_of_folder(const char *path, uint64_t *ret_bytes, struct error *err);

/*
 * What would be free if everything that removed was told of were gone: adds what goes with this
 * folder or file to *bytes. A file that has hard links elsewhere counts when the last of its links
 * is told of. removed: zero-initialised before the first, inodes_fini() after the last.
 */
int sizes_of_removal(struct inodes *removed, const char *path, uint64_t *bytes, struct error *err);

#endif
