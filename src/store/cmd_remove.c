/* `sandlot image remove` */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bake/cache.h"
#include "store/print.h"
#include "store/sizes.h"
#include "store/sweep.h"
#include "store/verb.h"

static int remove_one(const struct options *options, const struct store *store, const char *name,
		      struct error *err)
{
	struct inodes removed = {.slots = NULL};
	struct store_image image;
	char id[STORE_ID_SHORT + 1], freed[PRINT_SIZE];
	size_t len = strlen(store->folder.text);
	uint64_t bytes = 0;

	int r = store_find(store, name, options->link, &image, err);
	if (r < 0)
		return r;
	if (strncmp(image.folder.text, store->folder.text, len) != 0 ||
	    image.folder.text[len] != '/')
		return error_set_plain(err, -EINVAL, "remove",
				       "%s is not in %s: remove it by hand, or name its cache with "
				       "--cache",
				       image.folder.text, store->folder.text);
	r = sizes_of_removal(&removed, image.folder.text, &bytes, err);
	inodes_fini(&removed);
	if (r >= 0)
		r = sweep_remove_image(store, &image.folder, options->link, err);
	if (r < 0)
		return r;
	store_short_id(&image, id);
	print_bytes(bytes, freed);
	printf("removed %s %s, %s freed\n", *image.name ? image.name : "?", id, freed);
	return 0;
}

static int work(const struct options *options, struct error *err)
{
	struct store store;

	int r = store_open(&store, options->cache, err);
	for (size_t i = 0; i < options->operand_count && r >= 0; i++)
		r = remove_one(options, &store, options->operands[i], err);
	store_fini(&store);
	return r;
}

static int run(const struct options *options, struct error *err)
{
	struct cache cache;
	struct progress progress;

	progress_init(&progress, 0, 0);
	int r = cache_open(&cache, options->cache, &progress, err);
	if (r >= 0)
		r = work(options, err);
	cache_close(&cache);
	return r;
}

const struct verb verb_remove = {
	.name = "remove",
	.operands = "IMAGE...",
	.summary = "remove images",
	.help = "Removes images from the cache. One that is in use (a link points at it), that\n"
		"a rollback would go back to, that a running server serves, or that something\n"
		"is mounted in is left, and that is an error. What layers share with it stays;\n"
		"`sandlot image gc` removes those too when no image needs them.\n",
	.examples = "  sandlot image remove 98dfc25547a5\n"
		    "  sandlot image remove 98df 1c3e\n",
	.options = OPTION_CACHE | OPTION_LINK,
	.least = 1,
	.most = 64,
	.changes = 1,
	.run = run,
};
