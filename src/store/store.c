#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/cache.h"
#include "bake/erofs.h"
#include "base/fd.h"
#include "image/record_file.h"

void store_short_id(const struct store_image *image, char ret_id[STORE_ID_SHORT + 1])
{
	snprintf(ret_id, STORE_ID_SHORT + 1, "%.*s", STORE_ID_SHORT, image->id);
}

void store_title(const struct store_image *image, char ret_title[STORE_TITLE_SIZE])
{
	snprintf(ret_title, STORE_TITLE_SIZE, "%s%s%.*s", image->name,
		 image->name[0] && image->id[0] ? " " : "", STORE_ID_SHORT, image->id);
}

const char *store_forms(unsigned forms)
{
	static const char *const names[] = {
		[0] = "none",
		[RECORD_TREE] = "tree",
		[RECORD_EROFS] = "erofs",
		[RECORD_TREE | RECORD_EROFS] = "tree erofs",
	};
	return names[forms & (RECORD_TREE | RECORD_EROFS)];
}

/* Fills in record and has_record, or record_fault. */
static void read_record(struct store_image *image)
{
	struct error err = {.text = ""};

	_cleanup_fd_ int fd = open(image->folder.text, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? error_set(&err, -errno, "record", "cannot open %s", image->folder.text)
		       : record_read(fd, &image->record, &err);
	image->has_record = r >= 0;
	if (r == -ENOENT)
		error_set_plain(&err, r, "record", "it has no record");
	snprintf(image->record_fault, sizeof(image->record_fault), "%s", err.text);
}

static unsigned forms_there(const struct store_image *image)
{
	struct path path;
	struct stat st;
	unsigned forms = 0;

	if (path_format(&path, NULL, "%s/root", image->folder.text) >= 0 &&
	    lstat(path.text, &st) == 0 && S_ISDIR(st.st_mode))
		forms |= RECORD_TREE;
	if (path_format(&path, NULL, "%s/" RECORD_EROFS_NAME, image->folder.text) >= 0 &&
	    lstat(path.text, &st) == 0 && S_ISREG(st.st_mode))
		forms |= RECORD_EROFS;
	return forms;
}

int store_read_image(const char *folder, struct store_image *ret_image, struct error *err)
{
	struct store_image image = {.id = ""};
	struct path manifest, record;

	if (!realpath(folder, image.folder.text))
		return error_set(err, -errno, "image", "there is no image %s", folder);
	int r = path_format(&manifest, err, "%s/manifest.json", image.folder.text);
	if (r >= 0)
		r = path_format(&record, err, "%s/" RECORD_FILE, image.folder.text);
	if (r < 0)
		return r;
	if (!path_exists(record.text) && !path_exists(manifest.text))
		return error_set_plain(
			err, -ENOENT, "image",
			"%s is no image: it has neither " RECORD_FILE " nor manifest.json", folder);
	read_record(&image);
	if (image.has_record) {
		snprintf(image.name, sizeof(image.name), "%s", image.record.name);
		record_hex(image.record.id, image.id);
		image.baked_sec = image.record.baked_sec;
	}
	/* The folder's name is what commands and links go by, whatever is written inside. */
	const char *base = strrchr(image.folder.text, '/') + 1;
	if (digest_is_hex(base))
		snprintf(image.id, sizeof(image.id), "%s", base);
	image.forms = forms_there(&image);
	*ret_image = image;
	return 0;
}

/* Newest first. */
static int by_age(const void *a, const void *b)
{
	const struct store_image *one = a, *two = b;

	if (one->baked_sec != two->baked_sec)
		return one->baked_sec > two->baked_sec ? -1 : 1;
	return strcmp(one->id, two->id);
}

/* A folder that is called like an image and holds none is listed all the same, as damaged. */
static int add_image(struct store *store, const char *name, struct error *err)
{
	struct path folder;
	struct error fault = {.text = ""};
	struct store_image *grown =
		reallocarray(store->images, store->count + 1, sizeof(*store->images));
	if (!grown)
		return error_set(err, -ENOMEM, "store", "cannot list the images");
	store->images = grown;

	struct store_image *image = &grown[store->count];
	int r = path_format(&folder, err, "%s/%s", store->folder.text, name);
	if (r < 0)
		return r;
	r = store_read_image(folder.text, image, &fault);
	if (r < 0 && !path_exists(folder.text))
		return 0; /* removed a moment ago */
	if (r < 0) {
		*image = (struct store_image){.folder = folder};
		snprintf(image->record_fault, sizeof(image->record_fault), "%s", fault.text);
		snprintf(image->id, sizeof(image->id), "%s", name);
	}
	store->count++;
	return 0;
}

int store_open(struct store *store, const char *cache, struct error *err)
{
	struct dirent **entries = NULL;

	*store = (struct store){.images = NULL};
	int r = cache_folder(cache, &store->cache, err);
	if (r >= 0)
		r = path_format(&store->folder, err, "%s/images", store->cache.text);
	if (r < 0)
		return r;
	int count = scandir(store->folder.text, &entries, NULL, alphasort);
	if (count < 0)
		return errno == ENOENT ? 0
				       : error_set(err, -errno, "store", "cannot read %s",
						   store->folder.text);
	for (int i = 0; i < count; i++) {
		if (r >= 0 && digest_is_hex(entries[i]->d_name))
			r = add_image(store, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	if (store->count > 1)
		qsort(store->images, store->count, sizeof(*store->images), by_age);
	return r;
}

void store_fini(struct store *store)
{
	free(store->images);
	*store = (struct store){.images = NULL};
}
