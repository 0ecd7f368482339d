/* Signing images of the store: what `sign` does, and `export` when it has made a new form. */
#ifndef STORE_SIGNING_H
#define STORE_SIGNING_H

#include "base/error.h"
#include "store/options.h"
#include "store/store.h"

/*
 * Signs the record as it is with the key that options name, writes it into the image's folder and
 * says so on stderr when the key had to be made first. image->record: what is signed, and updated.
 * ret_key: the key's name; may be NULL. Returns 0 or a negative errno.
 */
int signing_sign(struct store_image *image, const struct options *options,
		 char ret_key[RECORD_NAME_MAX], struct error *err);

/* Writes the record into the image's folder as it is. Returns 0 or a negative errno. */
int signing_write(const struct store_image *image, struct error *err);

#endif
