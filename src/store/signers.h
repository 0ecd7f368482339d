/*
 * Who signed an image's record, as far as the trusted keys tell. That the image is what its record
 * says is another matter (`sandlot image verify`).
 */
#ifndef STORE_SIGNERS_H
#define STORE_SIGNERS_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "image/key.h"
#include "store/store.h"

enum signer_state {
	SIGNER_TRUSTED,
	SIGNER_NONE,	       /* not signed */
	SIGNER_UNKNOWN,	       /* with a key that is not trusted here */
	SIGNER_WRONG,	       /* the signature is not this record's */
	SIGNER_KEY_EXPIRED,    /* trusted once */
	SIGNER_RECORD_EXPIRED, /* the image itself is not to be used any more */
};

enum { SIGNER_SIZE = RECORD_NAME_MAX + 16 };

/* The trusted keys, in memory. Zero-initialise. */
struct signers {
	struct public_key *keys; /* owned */
	size_t count;
};

/*
 * Reads the trusted keys; files that are no keys are left out. keys: as given with --keys, or NULL.
 * No folder: no keys. Returns 0 or a negative errno; signers_fini() in either case.
 */
int signers_open(struct signers *signers, const char *keys, struct error *err);

void signers_fini(struct signers *signers);

/*
 * Looks at a record's signature and at what has expired at now_sec. ret_key: the key that signed,
 * borrowed, NULL when it is not known; the argument may be NULL. Pure.
 */
enum signer_state signers_check(const struct signers *signers, const struct image_record *record,
				uint64_t now_sec, const struct public_key **ret_key);

/* For a table: the key's name, "unsigned", "unknown key", … */
void signers_say(const struct signers *signers, const struct store_image *image,
		 char ret_text[SIGNER_SIZE]);

/* For JSON: {"state", "key", "key_id", "signed", "expires"}. Returns a new reference or NULL. */
json_t *signers_json(const struct signers *signers, const struct store_image *image);

/* "trusted", "key-expired", … Static. */
const char *signers_word(enum signer_state state);

#endif
