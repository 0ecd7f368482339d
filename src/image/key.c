#include "image/key.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "image/date.h"
#include "image/digest.h"

enum { LINE_SIZE = 128, BASE64_SIZE = 45 /* of KEY_BYTES, with NUL */ };

/* A text that is read line by line. */
struct lines {
	const char *file;
	const char *at;
	size_t left;
	unsigned number;
	char line[LINE_SIZE];
};

static int refuse(const struct lines *lines, const char *what, struct error *err)
{
	return error_set_plain(err, -EINVAL, "key", "%.120s:%u: %s", lines->file, lines->number,
			       what);
}

static int next_line(struct lines *lines, struct error *err)
{
	const char *end = memchr(lines->at, '\n', lines->left);
	size_t len = end ? (size_t)(end - lines->at) : lines->left;

	lines->number++;
	if (!end)
		return refuse(lines, "the file ends too early", err);
	if (len >= sizeof(lines->line))
		return refuse(lines, "the line is too long", err);
	for (size_t i = 0; i < len; i++)
		if (lines->at[i] < ' ' || lines->at[i] > '~')
			return refuse(lines, "the line is not plain text", err);
	memcpy(lines->line, lines->at, len);
	lines->line[len] = '\0';
	lines->at += len + 1;
	lines->left -= len + 1;
	return 0;
}

/* What stands behind "FIELD: " in the line, or NULL. */
static const char *value_of(const struct lines *lines, const char *field)
{
	size_t len = strlen(field);

	return strncmp(lines->line, field, len) == 0 && strncmp(lines->line + len, ": ", 2) == 0
		       ? lines->line + len + 2
		       : NULL;
}

/* The next line, which must be of this field. Returns its value, or NULL with *ret_error. */
static const char *next_value(struct lines *lines, const char *field, int *ret_error,
			      struct error *err)
{
	char what[64];

	*ret_error = next_line(lines, err);
	if (*ret_error < 0)
		return NULL;
	const char *value = value_of(lines, field);
	if (!value) {
		snprintf(what, sizeof(what), "there must be \"%s: \" here", field);
		*ret_error = refuse(lines, what, err);
	}
	return value;
}

static int read_date(const struct lines *lines, const char *value, uint64_t *ret_sec,
		     struct error *err)
{
	return date_decode(value, ret_sec) < 0
		       ? refuse(lines, "this is not a day such as 2026-05-01", err)
		       : 0;
}

static int read_bytes(const struct lines *lines, const char *value, uint8_t ret_bytes[KEY_BYTES],
		      struct error *err)
{
	uint8_t bytes[KEY_BYTES + 1]; /* EVP_DecodeBlock(3ssl) writes the padding too */
	char again[BASE64_SIZE];

	/* It takes what is not quite Base64; written again it would differ. */
	if (strlen(value) != BASE64_SIZE - 1 ||
	    EVP_DecodeBlock(bytes, (const uint8_t *)value, BASE64_SIZE - 1) != KEY_BYTES + 1 ||
	    EVP_EncodeBlock((uint8_t *)again, bytes, KEY_BYTES) != BASE64_SIZE - 1 ||
	    strcmp(value, again) != 0)
		return refuse(lines, "these are not 32 bytes in Base64", err);
	memcpy(ret_bytes, bytes, KEY_BYTES);
	return 0;
}

static int read_head(struct lines *lines, struct public_key *key, struct error *err)
{
	int r = next_line(lines, err);
	if (r < 0)
		return r;
	if (strcmp(lines->line, "sandlot-key 1") != 0)
		return refuse(lines, "this is no public key: it does not begin with sandlot-key 1",
			      err);
	const char *value = next_value(lines, "name", &r, err);
	if (!value)
		return r;
	if (!record_name_is_valid(value))
		return refuse(lines, "names are [a-z0-9._-]{1,63}", err);
	snprintf(key->name, sizeof(key->name), "%s", value);
	value = next_value(lines, "created", &r, err);
	return value ? read_date(lines, value, &key->created_sec, err) : r;
}

static int read_rest(struct lines *lines, struct public_key *key, struct error *err)
{
	int r = next_line(lines, err);
	const char *value = r < 0 ? NULL : value_of(lines, "expires");

	if (value) {
		r = read_date(lines, value, &key->expires_sec, err);
		if (r == 0 && key->expires_sec <= key->created_sec)
			r = refuse(lines, "the key expires before it was created", err);
		if (r == 0)
			r = next_line(lines, err);
	}
	if (r < 0)
		return r;
	value = value_of(lines, "ed25519");
	if (!value)
		return refuse(lines, "there must be \"expires: \" or \"ed25519: \" here", err);
	r = read_bytes(lines, value, key->bytes, err);
	if (r == 0 && lines->left) {
		lines->number++;
		return refuse(lines, "there must be nothing more", err);
	}
	return r;
}

int key_decode(const char *file, const char *text, size_t len, struct public_key *ret_key,
	       struct error *err)
{
	struct lines lines = {.file = file, .at = text, .left = len};
	struct public_key key = {.expires_sec = 0};

	int r = read_head(&lines, &key, err);
	if (r == 0)
		r = read_rest(&lines, &key, err);
	if (r == 0)
		r = key_set_id(&key, err);
	if (r == 0)
		*ret_key = key;
	return r;
}

size_t key_encode(const struct public_key *key, char ret_text[KEY_TEXT_MAX])
{
	char created[DATE_SIZE], expires[DATE_SIZE] = "", base64[BASE64_SIZE];

	date_encode(key->created_sec, created);
	if (key->expires_sec)
		date_encode(key->expires_sec, expires);
	EVP_EncodeBlock((uint8_t *)base64, key->bytes, KEY_BYTES);
	int n = snprintf(ret_text, KEY_TEXT_MAX,
			 "sandlot-key 1\nname: %s\ncreated: %s\n%s%s%sed25519: %s\n", key->name,
			 created, expires[0] ? "expires: " : "", expires, expires[0] ? "\n" : "",
			 base64);
	return (size_t)n;
}

int key_set_id(struct public_key *key, struct error *err)
{
	struct digest digest;

	digest_begin(&digest);
	digest_add(&digest, key->bytes, KEY_BYTES);
	return digest_end_bytes(&digest, key->id, err);
}

int key_is_expired(const struct public_key *key, uint64_t now_sec)
{
	return key->expires_sec && now_sec >= key->expires_sec;
}
