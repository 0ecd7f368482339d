#include "front/compile_cache.h"

void compile_cache_init(struct compile_cache *cache, uint64_t bytes_max)
{
	*cache = (struct compile_cache){.bytes_max = bytes_max};
	TAILQ_INIT(&cache->order);
}

/* Keys are hashes: any byte of them is. */
static struct compile_entry_chain *chain_of(struct compile_cache *cache,
					    const struct compile_key *key)
{
	return &cache->chains[key->bytes[0] % COMPILE_CACHE_CHAINS];
}

static void drop_oldest(struct compile_cache *cache)
{
	struct compile_entry *entry = TAILQ_FIRST(&cache->order);

	TAILQ_REMOVE(&cache->order, entry, in_order);
	LIST_REMOVE(entry, in_chain);
	cache->bytes -= compile_entry_bytes(entry);
	cache->count--;
	compile_entry_unref(entry);
}

void compile_cache_fini(struct compile_cache *cache)
{
	while (cache->count)
		drop_oldest(cache);
}

struct compile_entry *compile_cache_find(struct compile_cache *cache, const struct compile_key *key)
{
	struct compile_entry *entry;

	LIST_FOREACH (entry, chain_of(cache, key), in_chain)
		if (compile_key_equal(&entry->key, key))
			break;
	if (entry) {
		TAILQ_REMOVE(&cache->order, entry, in_order);
		TAILQ_INSERT_TAIL(&cache->order, entry, in_order);
	}
	return entry;
}

void compile_cache_put(struct compile_cache *cache, struct compile_entry *entry)
{
	uint64_t bytes = compile_entry_bytes(entry);

	if (bytes > cache->bytes_max || compile_cache_find(cache, &entry->key))
		return;
	while (cache->count == COMPILE_CACHE_ENTRIES || cache->bytes + bytes > cache->bytes_max)
		drop_oldest(cache);
	compile_entry_ref(entry);
	LIST_INSERT_HEAD(chain_of(cache, &entry->key), entry, in_chain);
	TAILQ_INSERT_TAIL(&cache->order, entry, in_order);
	cache->bytes += bytes;
	cache->count++;
}
