/*
 * The set of files seen, told apart by device and inode: what is hard-linked several times lies on
 * the disk once. Pure.
 */
#ifndef STORE_INODES_H
#define STORE_INODES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct inode {
	dev_t dev;
	ino_t ino;
	uint64_t seen;	    /* how often inodes_see() was told of it; 0: free slot */
	size_t first, last; /* the callers' marks when it was seen first, and last */
	int is_shared;	    /* it was seen with two marks or more */
};

/* A hash table, open addressing. Zero-initialise. */
struct inodes {
	struct inode *slots; /* owned */
	size_t used, room;
};

/*
 * Notes that a file was seen, with a mark of the caller's. ret_inode: what is known of it, this
 * time included in seen and not yet in last and is_shared; borrowed until the next call. Returns 0
 * or -ENOMEM.
 */
int inodes_see(struct inodes *inodes, const struct stat *st, size_t mark, struct inode **ret_inode);

void inodes_fini(struct inodes *inodes);

#endif
