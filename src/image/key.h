/*
 * Public keys, Ed25519 (RFC 8032), as text:
 *
 *   sandlot-key 1
 *   name: NAME            [a-z0-9._-]{1,63}; the file is called NAME.pub
 *   created: 2026-05-01
 *   expires: 2028-05-01   may be missing: never; from that day on (UTC) the key is not taken
 *   ed25519: BASE64       the 32 bytes of the key
 *
 * Nothing else, in this order. Pure: text in memory, no files (key_files.h).
 */
#ifndef IMAGE_KEY_H
#define IMAGE_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/record.h"

enum { KEY_BYTES = 32, KEY_TEXT_MAX = 512 };

struct public_key {
	char name[RECORD_NAME_MAX];
	uint64_t created_sec; /* since 1970, a whole day */
	uint64_t expires_sec; /* the same; 0: never */
	uint8_t bytes[KEY_BYTES];
	uint8_t id[RECORD_HASH_BYTES]; /* SHA-256 of bytes */
};

/*
 * Reads a key's text. file: what it is called in messages. Returns 0; -EINVAL with
 * "FILE:LINE: what is wrong"; or another negative errno when the id cannot be computed.
 */
int key_decode(const char *file, const char *text, size_t len, struct public_key *ret_key,
	       struct error *err);

/* Writes it, NUL-terminated; the id is no part of it. key: valid. Returns its length. */
size_t key_encode(const struct public_key *key, char ret_text[KEY_TEXT_MAX]);

/* Sets the id from the bytes. Returns 0 or a negative errno. */
int key_set_id(struct public_key *key, struct error *err);

/* Is it too old to be taken? Returns 1 or 0. */
int key_is_expired(const struct public_key *key, uint64_t now_sec);

#endif
