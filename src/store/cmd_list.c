/* `sandlot image list` */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/print.h"
#include "store/signers.h"
#include "store/sizes.h"
#include "store/uses.h"
#include "store/verb.h"

struct list {
	struct store store;
	struct uses uses;
	struct signers signers;
	struct image_size *sizes; /* owned; one for each image */
	uint64_t total;
};

enum { USES_SIZE = 48 };

static unsigned use_of(const struct list *list, const struct store_image *image)
{
	return uses_of_links(&list->uses, &image->folder, NULL) |
	       (uses_is_held(&image->folder) ? USE_SERVED : 0u);
}

static void print_rows(const struct list *list)
{
	char total[PRINT_SIZE];

	printf("%-15s %-12s  %-20s  %-10s %9s %9s  %-15s %s\n", "NAME", "ID", "BAKED", "FORMS",
	       "SIZE", "ITS OWN", "SIGNED BY", "STATE");
	for (size_t i = 0; i < list->store.count; i++) {
		const struct store_image *image = &list->store.images[i];
		char id[STORE_ID_SHORT + 1], baked[PRINT_SIZE], size[PRINT_SIZE], own[PRINT_SIZE];
		char signer[SIGNER_SIZE], state[USES_SIZE];

		store_short_id(image, id);
		print_time(image->baked_sec, baked);
		print_bytes(list->sizes[i].bytes, size);
		print_bytes(list->sizes[i].own_bytes, own);
		signers_say(&list->signers, image, signer);
		uses_say(use_of(list, image), state, sizeof(state));
		printf("%-15s %s  %-20s  %-10s %9s %9s  %-15s %s\n",
		       *image->name ? image->name : "?", id, baked, store_forms(image->forms), size,
		       own, signer, state);
	}
	print_bytes(list->total, total);
	printf("%zu image%s, %s in %s\n", list->store.count, list->store.count == 1 ? "" : "s",
	       total, list->store.folder.text);
}

static json_t *row_json(const struct list *list, size_t i)
{
	const struct store_image *image = &list->store.images[i];
	unsigned use = use_of(list, image);

	return json_pack("{s:s, s:s, s:s, s:o, s:b, s:b, s:I, s:I, s:o, s:b, s:b, s:b}", "name",
			 image->name, "id", image->id, "folder", image->folder.text, "baked",
			 print_json_time(image->baked_sec), "tree", image->forms & RECORD_TREE,
			 "erofs", image->forms & RECORD_EROFS, "bytes",
			 (json_int_t)list->sizes[i].bytes, "own_bytes",
			 (json_int_t)list->sizes[i].own_bytes, "signature",
			 signers_json(&list->signers, image), "current", use & USE_CURRENT,
			 "previous", use & USE_PREVIOUS, "served", use & USE_SERVED);
}

static int print_list_json(const struct list *list, struct error *err)
{
	json_auto_t *images = json_array();

	for (size_t i = 0; i < list->store.count; i++)
		if (json_array_append_new(images, row_json(list, i)) < 0)
			return error_set(err, -ENOMEM, "list", "cannot list the images");
	return print_json(json_pack("{s:s, s:I, s:O}", "folder", list->store.folder.text, "bytes",
				    (json_int_t)list->total, "images", images),
			  err);
}

static int list_read(struct list *list, const struct options *options, struct error *err)
{
	int r = store_open(&list->store, options->cache, err);
	if (r >= 0)
		r = uses_read(&list->uses, &list->store, options->link, err);
	if (r >= 0)
		r = signers_open(&list->signers, options->keys, err);
	if (r < 0)
		return r;
	list->sizes = calloc(list->store.count + 1, sizeof(*list->sizes));
	if (!list->sizes)
		return error_set(err, -ENOMEM, "list", "cannot list the images");
	return sizes_of_images(list->store.images, list->store.count, list->sizes, &list->total,
			       err);
}

static int run(const struct options *options, struct error *err)
{
	struct list list = {.sizes = NULL};

	int r = list_read(&list, options, err);
	if (r >= 0 && options_has(options, OPTION_JSON))
		r = print_list_json(&list, err);
	else if (r >= 0)
		print_rows(&list);
	free(list.sizes);
	signers_fini(&list.signers);
	uses_fini(&list.uses);
	store_fini(&list.store);
	return r;
}

const struct verb verb_list = {
	.name = "list",
	.operands = "",
	.summary = "the images there are",
	.help = "Shows the images of the cache, newest first: name, id, when it was baked, in\n"
		"which forms it lies there, its size on the disk and what of it no other image\n"
		"has, who signed it, and whether it is served by a running server, in use (a\n"
		"link points at it) or previous (the one before). Files that images share are\n"
		"counted once in the sum.\n",
	.examples = "  sandlot image list\n"
		    "  sandlot image list --json | jq -r '.images[] | select(.current) | .id'\n",
	.options = OPTION_CACHE | OPTION_LINK | OPTION_KEYS | OPTION_JSON,
	.run = run,
};
