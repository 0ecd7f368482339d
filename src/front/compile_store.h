/*
 * The compile cache's disk: what fits into memory no more, and what outlives the process. An SQLite
 * file of its own in the data folder, which may be deleted at any time; bounded in bytes, the least
 * recently loaded go first. Each entry carries a SHA-256 over all of it: one that was altered is
 * dropped when it is met, a file that is damaged is begun anew. Loads block for a read of the disk
 * and are for HTTP threads; saves go through a thread of its own, and are given up rather than
 * waited for. Safe from any thread.
 */
#ifndef FRONT_COMPILE_STORE_H
#define FRONT_COMPILE_STORE_H

#include "front/compile_entry.h"

struct compile_store;

/*
 * Opens the file in this folder and starts the thread. bytes_max: of all entries together, at least
 * 1. Returns 0 or a negative errno; then the server does without.
 */
int compile_store_open(const char *folder, uint64_t bytes_max, struct compile_store **ret_store,
		       struct error *err);

/* Saves what is still to be saved, and closes. NULL-safe, returns NULL. */
struct compile_store *compile_store_close(struct compile_store *store);

/* The entry of this key, a reference, or NULL: there is none, or it was damaged and is dropped. */
struct compile_entry *compile_store_load(struct compile_store *store,
					 const struct compile_key *key);

/* Saves it later, off the caller's way. Takes a reference of its own. */
void compile_store_save(struct compile_store *store, struct compile_entry *entry);

#endif
