/*
 * The images of a cache: finding them, and reading what they say of themselves. Runs in `sandlot
 * image`. Reading takes no lock: an image is in its place only when it is whole (bake/cache.h).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "bake/path.h"
#include "base/error.h"
#include "image/digest.h"
#include "image/record.h"

enum {
	STORE_ID_SHORT = 12,
	STORE_ID_LEAST = 4,
	STORE_TITLE_SIZE = RECORD_NAME_MAX + STORE_ID_SHORT + 2,
};

/*
 * One image, by its record alone: documents may come from elsewhere, and root reads none of them.
 * Without a record all but folder, forms and perhaps id is unknown, and record_fault says why.
 */
struct store_image {
	struct path folder;
	char id[DIGEST_HEX_SIZE];
	char name[RECORD_NAME_MAX]; /* the record's, or "" */
	unsigned forms;		    /* enum record_form: what lies in the folder */
	uint64_t baked_sec;	    /* the record's; 0: unknown */
	int has_record;
	struct image_record record;	   /* zero without */
	char record_fault[ERROR_TEXT_MAX]; /* why there is no record, or none that can be read */
};

struct store {
	struct path cache, folder;  /* folder: the cache's images/ */
	struct store_image *images; /* owned; newest first */
	size_t count;
};

/*
 * Reads what images there are. cache: as given with --cache, or NULL for the default; one that does
 * not exist holds no images. Returns 0 or a negative errno; store_fini() in either case.
 */
int store_open(struct store *store, const char *cache, struct error *err);

void store_fini(struct store *store);

/*
 * Reads one image's folder. Returns 0, or -ENOENT with a text when there is no image: neither a
 * record, good or bad, nor a manifest.
 */
int store_read_image(const char *folder, struct store_image *ret_image, struct error *err);

/*
 * Finds what a person calls an image: "current" or "previous" (of link, which may be NULL when
 * there is none), a path (it has a slash), a name (the newest), or the first digits of an id, at
 * least STORE_ID_LEAST. ret_image: a copy. Returns 0; -EINVAL or -ENOENT with a text that says what
 * there is instead.
 */
int store_find(const struct store *store, const char *name, const char *link,
	       struct store_image *ret_image, struct error *err);

/* The first STORE_ID_SHORT digits. */
void store_short_id(const struct store_image *image, char ret_id[STORE_ID_SHORT + 1]);

/* "default 98dfc25547a5": what messages call it. */
void store_title(const struct store_image *image, char ret_title[STORE_TITLE_SIZE]);

/* "tree", "erofs", "tree erofs" or "none". Static. */
const char *store_forms(unsigned forms);

#endif
