/*
 * The compile cache's memory: entries by key, bounded in bytes and in number (each may hold an open
 * memfd); the least recently used goes first. No lock of its own: the service's guards it.
 */
#ifndef FRONT_COMPILE_CACHE_H
#define FRONT_COMPILE_CACHE_H

#include "front/compile_entry.h"

enum { COMPILE_CACHE_CHAINS = 256, COMPILE_CACHE_ENTRIES = 512 };

TAILQ_HEAD(compile_entry_list, compile_entry);
LIST_HEAD(compile_entry_chain, compile_entry);

struct compile_cache {
	uint64_t bytes, bytes_max; /* bytes_max 0: nothing is kept */
	unsigned count;
	struct compile_entry_list order; /* the least recently used first */
	struct compile_entry_chain chains[COMPILE_CACHE_CHAINS];
};

void compile_cache_init(struct compile_cache *cache, uint64_t bytes_max);
void compile_cache_fini(struct compile_cache *cache);

/* The entry of this key, borrowed until the cache is changed, or NULL. It counts as used now. */
struct compile_entry *compile_cache_find(struct compile_cache *cache,
					 const struct compile_key *key);

/* Keeps a reference of its own, unless it has one of this key or it is larger than all may be. */
void compile_cache_put(struct compile_cache *cache, struct compile_entry *entry);

#endif
