#include "store/sizes.h"

#include <errno.h>
#include <string.h>

#include "bake/tree.h"

enum { BLOCK_BYTES = 512 }; /* of st_blocks: stat(3type) */

struct measure {
	struct inodes inodes;
	struct image_size *sizes;
	size_t at; /* the image being walked */
	uint64_t total;
};

static uint64_t bytes_of(const struct stat *st)
{
	return (uint64_t)st->st_blocks * BLOCK_BYTES;
}

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "sizes", "cannot measure");
}

static int measure_visit(void *owner, const struct tree_entry *entry, struct error *err)
{
	struct measure *measure = owner;
	struct image_size *size = &measure->sizes[measure->at];
	uint64_t bytes = bytes_of(entry->st);
	struct inode *inode = NULL;

	if (S_ISREG(entry->st->st_mode) && entry->st->st_nlink > 1 &&
	    inodes_see(&measure->inodes, entry->st, measure->at, &inode) < 0)
		return no_memory(err);
	if (!inode || inode->seen == 1) {
		size->bytes += bytes;
		size->own_bytes += bytes;
		measure->total += bytes;
		return 0;
	}
	if (inode->last == measure->at)
		return 0;
	size->bytes += bytes;
	if (!inode->is_shared)
		measure->sizes[inode->first].own_bytes -= bytes;
	inode->is_shared = 1;
	inode->last = measure->at;
	return 0;
}

int sizes_of_images(const struct store_image *images, size_t count, struct image_size *ret_sizes,
		    uint64_t *ret_total, struct error *err)
{
	struct measure measure = {.sizes = ret_sizes};
	int r = 0;

	memset(ret_sizes, 0, count * sizeof(*ret_sizes));
	for (; measure.at < count && r >= 0; measure.at++) {
		r = tree_walk(images[measure.at].folder.text, measure_visit, &measure, err);
		if (r < 0 && !path_exists(images[measure.at].folder.text))
			r = 0;
	}
	inodes_fini(&measure.inodes);
	if (r >= 0)
		*ret_total = measure.total;
	return r;
}

int sizes_of_folder(const char *path, uint64_t *ret_bytes, struct error *err)
{
	struct measure measure = {.sizes = &(struct image_size){.bytes = 0}};

	*ret_bytes = 0;
	int r = path_exists(path) ? tree_walk(path, measure_visit, &measure, err) : 0;
	inodes_fini(&measure.inodes);
	if (r >= 0)
		*ret_bytes = measure.total;
	return r;
}

struct removal {
	struct inodes *removed;
	uint64_t *bytes;
};

static int removal_visit(void *owner, const struct tree_entry *entry, struct error *err)
{
	const struct removal *removal = owner;
	struct inode *inode;

	if (S_ISREG(entry->st->st_mode) && entry->st->st_nlink > 1) {
		if (inodes_see(removal->removed, entry->st, 0, &inode) < 0)
			return no_memory(err);
		if (inode->seen < entry->st->st_nlink)
			return 0;
	}
	*removal->bytes += bytes_of(entry->st);
	return 0;
}

int sizes_of_removal(struct inodes *removed, const char *path, uint64_t *bytes, struct error *err)
{
	struct removal removal = {.removed = removed, .bytes = bytes};

	return path_exists(path) ? tree_walk(path, removal_visit, &removal, err) : 0;
}
