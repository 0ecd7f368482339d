/*
 * The record of an image: one fixed-size, signed file beside it ("image.record") that says what the
 * image is, by hash. It is all that a privileged process reads of an image's description; who
 * signed it is checked by an unprivileged helper (verdict.h). Pure: bytes in memory, no files, no
 * cryptography.
 *
 * On disk: RECORD_BYTES bytes, numbers little-endian, texts NUL-padded, what is reserved 0. The
 * signature is Ed25519 (RFC 8032) over RECORD_CONTEXT and the bytes before it.
 */
#ifndef IMAGE_RECORD_H
#define IMAGE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define RECORD_FILE "image.record"
#define RECORD_TREE_NAME "root"
#define RECORD_EROFS_NAME "image.erofs"
/* Signed before the bytes, so that no signature for another purpose is ever one of a record. */
#define RECORD_CONTEXT "sandlot image record 1\n"

enum {
	RECORD_BYTES = 512,
	RECORD_SIGNED_BYTES = RECORD_BYTES - 64,
	RECORD_HASH_BYTES = 32,
	RECORD_SIGNATURE_BYTES = 64,
	RECORD_NAME_MAX = 64, /* with its NUL */
};

/* In which forms the image lies in its folder; or-ed. */
enum record_form {
	RECORD_TREE = 1 << 0,  /* root/ */
	RECORD_EROFS = 1 << 1, /* image.erofs */
};

struct image_record {
	char name[RECORD_NAME_MAX]; /* the definition's; [a-z0-9._-]+ */
	unsigned forms;		    /* enum record_form, or-ed; at least one */
	uint64_t baked_sec;   /* seconds since 1970; of two images of a name the later is newer */
	uint64_t signed_sec;  /* seconds since 1970; 0: not signed */
	uint64_t expires_sec; /* no server takes it from then on; 0: never */
	uint64_t erofs_bytes; /* 0 without RECORD_EROFS */
	uint8_t id[RECORD_HASH_BYTES];		     /* what it was made from; names the folder */
	uint8_t tree_sha256[RECORD_HASH_BYTES];	     /* tree_hash.h; the same in every form */
	uint8_t erofs_sha256[RECORD_HASH_BYTES];     /* of image.erofs; 0 without */
	uint8_t documents_sha256[RECORD_HASH_BYTES]; /* documents.h: manifest.json and the others */
	uint8_t key_id[RECORD_HASH_BYTES];	     /* SHA-256 of the public key; 0: not signed */
	uint8_t signature[RECORD_SIGNATURE_BYTES];   /* 0: not signed */
};

/* Writes the record's bytes. record: valid as record_decode() has it (asserted). */
void record_encode(const struct image_record *record, uint8_t ret_bytes[RECORD_BYTES]);

/*
 * Reads a record's bytes; len: how many there are. Returns 0, or -EINVAL with a text that says what
 * is wrong: length, magic, version, forms, name, reserved bytes that are not 0. Says nothing about
 * the signature.
 */
int record_decode(const void *bytes, size_t len, struct image_record *ret_record,
		  struct error *err);

/* Is there a signature? Returns 1 or 0. */
int record_is_signed(const struct image_record *record);

/* Is the text a record's name? Returns 1 or 0. */
int record_name_is_valid(const char *name);

/* A hash as 64 lower-case hex digits and NUL. */
void record_hex(const uint8_t hash[RECORD_HASH_BYTES], char ret_hex[2 * RECORD_HASH_BYTES + 1]);

/* The reverse. Returns 0 or -EINVAL when the text is not exactly 64 lower-case hex digits. */
int record_unhex(const char *hex, uint8_t ret_hash[RECORD_HASH_BYTES]);

#endif
