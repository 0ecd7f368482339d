#include "store/add_erofs.h"

#include <errno.h>
#include <sys/stat.h>

#include "bake/cache.h"
#include "bake/erofs.h"
#include "store/check.h"
#include "store/meter.h"
#include "store/signing.h"

/* mkfs.erofs says nothing of how far it is; the file it writes does. */
struct watch {
	struct meter meter;
	struct path file;
};

static void look(void *owner, const char *line)
{
	struct watch *watch = owner;
	struct stat st;

	if (!line && stat(watch->file.text, &st) == 0)
		meter_set(&watch->meter, (uint64_t)st.st_size);
}

static int make(const struct store_image *image, struct image_record *record, struct error *err)
{
	struct watch watch;
	struct path root;
	struct stat st;

	int r = path_format(&root, err, "%s/" RECORD_TREE_NAME, image->folder.text);
	if (r >= 0)
		r = path_format(&watch.file, err, "%s/" EROFS_NEW, image->folder.text);
	if (r < 0)
		return r;
	/* The bake set all times to one. */
	if (stat(root.text, &st) < 0)
		return error_set(err, -errno, "erofs", "cannot look at %s", root.text);
	const struct erofs_image spec = {
		.folder = image->folder.text,
		.epoch = st.st_mtime,
		.line = look,
		.owner = &watch,
		.record = record,
	};
	meter_begin(&watch.meter, "making the EROFS file", 0);
	r = erofs_add(&spec, err);
	if (r >= 0)
		meter_set(&watch.meter, record->erofs_bytes);
	meter_end(&watch.meter, r >= 0);
	return r;
}

static int work(struct store_image *image, const struct options *options, struct error *err)
{
	struct store_image changed = *image;

	int r = check_must(image, CHECK_FULL, options->keys, options_has(options, OPTION_UNSIGNED),
			   err);
	if (r >= 0)
		r = make(image, &changed.record, err);
	if (r >= 0)
		r = record_is_signed(&image->record) ? signing_sign(&changed, options, NULL, err)
						     : signing_write(&changed, err);
	if (r < 0)
		return r;
	changed.forms |= RECORD_EROFS;
	*image = changed;
	return 0;
}

int add_erofs(struct store_image *image, const struct options *options, struct error *err)
{
	struct progress progress;
	struct cache cache;

	progress_init(&progress, 0, 0);
	int r = cache_open(&cache, options->cache, &progress, err);
	if (r >= 0)
		r = work(image, options, err);
	cache_close(&cache);
	return r;
}
