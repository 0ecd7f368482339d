/*
 * API keys: clients that the operator knows, with a share of their own whatever address they come
 * from: a bot that speaks for many. Kept by hash in the file api-keys of the data folder, which the
 * operator writes and the front end reads once, when it starts.
 *
 * A line is NAME RATE BURST SHA256: a name of letters, digits, - and _; costly requests a second
 * (0: as many as it likes) and at once, as in rate.h; the lower-case hex SHA-256 of the key. Empty
 * lines and those that begin with # count for nothing.
 */
#ifndef FRONT_API_KEYS_H
#define FRONT_API_KEYS_H

#include <stddef.h>

#include "base/error.h"
#include "front/sha256.h"
#include "front/rate.h"

enum { API_KEYS_MAX = 256, API_KEY_NAME_SIZE = 33 };

struct api_key {
	char name[API_KEY_NAME_SIZE];
	struct rate_config rate;
	uint8_t hash[SHA256_BYTES];
};

struct api_keys {
	struct api_key keys[API_KEYS_MAX];
	size_t count;
};

/* Reads folder/api-keys; without one there are none. Returns 0, -EINVAL naming line and fault, or
 * another negative errno. */
int api_keys_read(const char *folder, struct api_keys *ret_keys, struct error *err);

/* Reads the file's text, which is changed. Pure. */
int api_keys_parse(char *text, struct api_keys *ret_keys, struct error *err);

/* Whose key this is, or NULL. Takes as long whichever it is. Borrowed from keys. */
const struct api_key *api_keys_find(const struct api_keys *keys, const char *key);

#endif
