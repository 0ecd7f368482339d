/* `sandlot image gc` */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/cache.h"
#include "bake/child.h"
#include "base/clock.h"
#include "store/print.h"
#include "store/sweep.h"
#include "store/verb.h"

#define SEC_PER_DAY UINT64_C(86400)

struct gc {
	const struct options *options;
	struct store store;
	struct uses uses;
	struct sweep sweep;
	uint64_t freed;
	size_t removed, failed;
};

static int plan(struct gc *gc, struct error *err)
{
	uint64_t newest_kept = UINT64_MAX, kept_sec = gc->options->keep_days * SEC_PER_DAY;
	uint64_t now = clock_real_usec() / USEC_PER_SEC;

	if (options_has(gc->options, OPTION_KEEP_DAYS))
		newest_kept = now > kept_sec ? now - kept_sec : 0;
	int r = store_open(&gc->store, gc->options->cache, err);
	if (r >= 0)
		r = uses_read(&gc->uses, &gc->store, gc->options->link, err);
	return r < 0 ? r : sweep_plan(&gc->sweep, &gc->store, &gc->uses, newest_kept, err);
}

static void say(const struct gc *gc, const struct sweep_item *item, const char *verb)
{
	const char *path = item->path.text + strlen(gc->store.cache.text) + 1;
	char bytes[PRINT_SIZE];

	print_bytes(item->bytes, bytes);
	printf("%s %-15s %9s  %s\n", verb, sweep_word(item->kind), bytes, path);
}

/* One that cannot be removed is told, and the rest goes on. Returns -EINTR to stop. */
static int remove_item(struct gc *gc, const struct sweep_item *item, struct error *err)
{
	struct error fault = {.code = 0};

	int r = child_interrupted(err);
	if (r < 0)
		return r;
	r = item->kind == SWEEP_IMAGE
		    ? sweep_remove_image(&gc->store, &item->path, gc->options->link, &fault)
		    : sweep_remove(&item->path, &fault);
	if (r == -EINTR)
		return error_set_plain(err, r, "gc", "%s", fault.text);
	if (r < 0) {
		fflush(stdout);
		fprintf(stderr, "sandlot image gc: %s\n", fault.text);
		gc->failed++;
		return 0;
	}
	say(gc, item, "removed");
	gc->freed += item->bytes;
	gc->removed++;
	return 0;
}

static void sum_up(const struct gc *gc)
{
	int is_dry = options_has(gc->options, OPTION_DRY_RUN);
	char bytes[PRINT_SIZE];

	if (gc->sweep.parts_unknown.text[0])
		printf("parts of images stay: %s does not say which it was made from\n",
		       strrchr(gc->sweep.parts_unknown.text, '/') + 1);
	print_bytes(is_dry ? gc->sweep.bytes : gc->freed, bytes);
	printf("%s%zu removed, %s freed", is_dry ? "would be: " : "",
	       is_dry ? gc->sweep.count : gc->removed, bytes);
	if (gc->failed)
		printf(", %zu could not be removed", gc->failed);
	putchar('\n');
}

static int work(struct gc *gc, struct error *err)
{
	int is_dry = options_has(gc->options, OPTION_DRY_RUN);

	int r = plan(gc, err);
	for (size_t i = 0; i < gc->sweep.count && r >= 0; i++) {
		if (is_dry)
			say(gc, &gc->sweep.items[i], "would remove");
		else
			r = remove_item(gc, &gc->sweep.items[i], err);
	}
	if (r >= 0)
		sum_up(gc);
	return r < 0 ? r : gc->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const struct options *options, struct error *err)
{
	struct gc gc = {.options = options};
	struct cache cache = {.lock_fd = -EBADF};
	struct progress progress;
	int r = 0;

	progress_init(&progress, 0, 0);
	/* Looking needs no lock; a bake may go on meanwhile. */
	if (!options_has(options, OPTION_DRY_RUN))
		r = cache_open(&cache, options->cache, &progress, err);
	if (r >= 0)
		r = work(&gc, err);
	sweep_fini(&gc.sweep);
	uses_fini(&gc.uses);
	store_fini(&gc.store);
	cache_close(&cache);
	return r;
}

const struct verb verb_gc = {
	.name = "gc",
	.operands = "",
	.summary = "remove what nobody needs",
	.help = "Removes images that are neither in use (a link points at one), nor previous,\n"
		"nor served or read by anybody, and of the cache what no image that stays was\n"
		"made from: layers, sources, downloads, exported files of images that are gone,\n"
		"and what an earlier removal left. Waits while a bake or another command works\n"
		"in the cache. What cannot be removed is told, and the rest removed; the exit\n"
		"status is 1 then.\n",
	.examples = "  sandlot image gc --dry-run\n"
		    "  sandlot image gc\n"
		    "  sandlot image gc --keep-days 30\n",
	.options = OPTION_CACHE | OPTION_LINK | OPTION_KEEP_DAYS | OPTION_DRY_RUN,
	.changes = 1,
	.run = run,
};
