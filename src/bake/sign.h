/*
 * The record of a finished image (image/record.h) and its signature. An image in the cache always
 * has both; one that a former bake left without, or with a signature that no server takes any more,
 * is signed again, after everything in it was compared with its record.
 */
#ifndef BAKE_SIGN_H
#define BAKE_SIGN_H

#include "bake/progress.h"
#include "base/error.h"
#include "image/record.h"

struct signer;

/* What an image is called in its record. Borrowed. */
struct sign_image {
	const char *folder; /* where it is now */
	const char *name;   /* the definition's */
	const char *id;	    /* 64 hex digits */
};

/*
 * Chooses the key to sign with (image/key_choose.h), and says so when it has to be made: before the
 * work begins, so that a key that is wrong costs no bake. keys, key: as given with --keys and
 * --key, or NULL. Returns 0 or a negative errno.
 */
int signer_open(const char *keys, const char *key, struct progress *progress,
		struct signer **ret_signer, struct error *err);

/* NULL-safe; returns NULL. */
struct signer *signer_free(struct signer *signer);

/* Describes and signs an image that was made just now. */
int sign_new(const struct signer *signer, const struct sign_image *image, struct error *err);

/* Signs a record whose image has changed in a known way, and writes it. */
int sign_record(const struct signer *signer, const char *folder, struct image_record *record,
		struct error *err);

/*
 * Makes sure that an image which was found in the cache is signed, by the key named by --key when
 * there is one. Quick when it is. Refuses what is not what its record says, with -ESTALE and a text
 * that says what to do.
 */
int sign_finished(const struct signer *signer, const struct sign_image *image,
		  struct progress *progress, struct error *err);

#endif
