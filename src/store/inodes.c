#include "store/inodes.h"

#include <errno.h>
#include <stdlib.h>

enum { ROOM_FIRST = 1024 };

static struct inode *slot_of(const struct inodes *inodes, dev_t dev, ino_t ino)
{
	/* Inodes of a tree are numbered in a row: the multiplier (2^64 / golden ratio) spreads. */
	uint64_t hash = ((uint64_t)ino ^ (uint64_t)dev << 32) * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(hash >> 32) & (inodes->room - 1);

	for (;; at = (at + 1) & (inodes->room - 1)) {
		struct inode *slot = &inodes->slots[at];
		if (slot->seen == 0 || (slot->ino == ino && slot->dev == dev))
			return slot;
	}
}

static int grow(struct inodes *inodes)
{
	struct inodes grown = {.room = inodes->room ? inodes->room * 2 : ROOM_FIRST,
			       .used = inodes->used};

	grown.slots = calloc(grown.room, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < inodes->room; i++)
		if (inodes->slots[i].seen > 0)
			*slot_of(&grown, inodes->slots[i].dev, inodes->slots[i].ino) =
				inodes->slots[i];
	free(inodes->slots);
	*inodes = grown;
	return 0;
}

int inodes_see(struct inodes *inodes, const struct stat *st, size_t mark, struct inode **ret_inode)
{
	if (2 * (inodes->used + 1) > inodes->room) {
		int r = grow(inodes);
		if (r < 0)
			return r;
	}
	struct inode *slot = slot_of(inodes, st->st_dev, st->st_ino);
	if (slot->seen++ == 0) {
		*slot = (struct inode){.dev = st->st_dev,
				       .ino = st->st_ino,
				       .seen = 1,
				       .first = mark,
				       .last = mark};
		inodes->used++;
	}
	*ret_inode = slot;
	return 0;
}

void inodes_fini(struct inodes *inodes)
{
	free(inodes->slots);
	*inodes = (struct inodes){.slots = NULL};
}
