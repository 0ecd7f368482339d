#include "image/record.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint8_t magic[8] = {'S', 'L', 'I', 'M', 'A', 'G', 'E', '\n'};

enum { VERSION = 1, FORMS_ALL = RECORD_TREE | RECORD_EROFS };

/* Where each field lies. What is between the last hash and the signature is reserved. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 8,
	AT_FORMS = 12,
	AT_BAKED = 16,
	AT_SIGNED = 24,
	AT_EXPIRES = 32,
	AT_EROFS_BYTES = 40,
	AT_NAME = 48,
	AT_ID = AT_NAME + RECORD_NAME_MAX,
	AT_TREE = AT_ID + RECORD_HASH_BYTES,
	AT_EROFS = AT_TREE + RECORD_HASH_BYTES,
	AT_DOCUMENTS = AT_EROFS + RECORD_HASH_BYTES,
	AT_KEY = AT_DOCUMENTS + RECORD_HASH_BYTES,
	AT_RESERVED = AT_KEY + RECORD_HASH_BYTES,
	AT_SIGNATURE = RECORD_SIGNED_BYTES,
};
_Static_assert(AT_RESERVED < AT_SIGNATURE, "the record's fields fit");
_Static_assert(AT_SIGNATURE + RECORD_SIGNATURE_BYTES == RECORD_BYTES, "the signature is last");

static void put_number(uint8_t *bytes, uint64_t value, int width)
{
	for (int i = 0; i < width; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get_number(const uint8_t *bytes, int width)
{
	uint64_t value = 0;

	for (int i = 0; i < width; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

static int is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return 0;
	return 1;
}

int record_is_signed(const struct image_record *record)
{
	return !is_zero(record->signature, sizeof(record->signature));
}

int record_name_is_valid(const char *name)
{
	size_t len = strnlen(name, RECORD_NAME_MAX);

	return len > 0 && len < RECORD_NAME_MAX && name[0] != '.' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

/* What makes a record one; NULL, or what is wrong with it. */
static const char *fault(const struct image_record *record)
{
	int has_erofs = (record->forms & RECORD_EROFS) != 0;

	if (record->forms == 0 || record->forms & ~(unsigned)FORMS_ALL)
		return "names no form, or one that is not known";
	if (memchr(record->name, '\0', sizeof(record->name)) == NULL ||
	    !record_name_is_valid(record->name))
		return "has a name that is not [a-z0-9._-]{1,63}";
	if (has_erofs != (record->erofs_bytes != 0) ||
	    has_erofs == is_zero(record->erofs_sha256, RECORD_HASH_BYTES))
		return "does not say of what size and hash its EROFS file is";
	return NULL;
}

void record_encode(const struct image_record *record, uint8_t ret_bytes[RECORD_BYTES])
{
	assert(fault(record) == NULL);
	memset(ret_bytes, 0, RECORD_BYTES);
	memcpy(ret_bytes + AT_MAGIC, magic, sizeof(magic));
	put_number(ret_bytes + AT_VERSION, VERSION, 4);
	put_number(ret_bytes + AT_FORMS, record->forms, 4);
	put_number(ret_bytes + AT_BAKED, record->baked_sec, 8);
	put_number(ret_bytes + AT_SIGNED, record->signed_sec, 8);
	put_number(ret_bytes + AT_EXPIRES, record->expires_sec, 8);
	put_number(ret_bytes + AT_EROFS_BYTES, record->erofs_bytes, 8);
	memcpy(ret_bytes + AT_NAME, record->name, strlen(record->name));
	memcpy(ret_bytes + AT_ID, record->id, RECORD_HASH_BYTES);
	memcpy(ret_bytes + AT_TREE, record->tree_sha256, RECORD_HASH_BYTES);
	memcpy(ret_bytes + AT_EROFS, record->erofs_sha256, RECORD_HASH_BYTES);
	memcpy(ret_bytes + AT_DOCUMENTS, record->documents_sha256, RECORD_HASH_BYTES);
	memcpy(ret_bytes + AT_KEY, record->key_id, RECORD_HASH_BYTES);
	memcpy(ret_bytes + AT_SIGNATURE, record->signature, RECORD_SIGNATURE_BYTES);
}

static void read_fields(const uint8_t *bytes, struct image_record *record)
{
	record->forms = (unsigned)get_number(bytes + AT_FORMS, 4);
	record->baked_sec = get_number(bytes + AT_BAKED, 8);
	record->signed_sec = get_number(bytes + AT_SIGNED, 8);
	record->expires_sec = get_number(bytes + AT_EXPIRES, 8);
	record->erofs_bytes = get_number(bytes + AT_EROFS_BYTES, 8);
	memcpy(record->name, bytes + AT_NAME, RECORD_NAME_MAX);
	memcpy(record->id, bytes + AT_ID, RECORD_HASH_BYTES);
	memcpy(record->tree_sha256, bytes + AT_TREE, RECORD_HASH_BYTES);
	memcpy(record->erofs_sha256, bytes + AT_EROFS, RECORD_HASH_BYTES);
	memcpy(record->documents_sha256, bytes + AT_DOCUMENTS, RECORD_HASH_BYTES);
	memcpy(record->key_id, bytes + AT_KEY, RECORD_HASH_BYTES);
	memcpy(record->signature, bytes + AT_SIGNATURE, RECORD_SIGNATURE_BYTES);
}

int record_decode(const void *data, size_t len, struct image_record *ret_record, struct error *err)
{
	struct image_record record = {.forms = 0};
	const uint8_t *bytes = data;

	if (len != RECORD_BYTES)
		return error_set_plain(err, -EINVAL, "record",
				       "the image's record has %zu bytes, not %d", len,
				       RECORD_BYTES);
	if (memcmp(bytes, magic, sizeof(magic)) != 0)
		return error_set_plain(err, -EINVAL, "record", "the image's record is no record");
	uint64_t version = get_number(bytes + AT_VERSION, 4);
	if (version != VERSION)
		return error_set_plain(err, -EINVAL, "record",
				       "the image's record has version %llu; this program reads %d",
				       (unsigned long long)version, VERSION);
	read_fields(bytes, &record);
	const char *what = fault(&record);
	/* A text has one form only, or the same record could be signed twice. */
	size_t name_len = strnlen(record.name, RECORD_NAME_MAX);
	if (!what && !is_zero((const uint8_t *)record.name + name_len, RECORD_NAME_MAX - name_len))
		what = "has bytes behind its name";
	if (!what && !is_zero(bytes + AT_RESERVED, AT_SIGNATURE - AT_RESERVED))
		what = "has reserved bytes that are not 0";
	if (what)
		return error_set_plain(err, -EINVAL, "record", "the image's record %s", what);
	*ret_record = record;
	return 0;
}

void record_hex(const uint8_t hash[RECORD_HASH_BYTES], char ret_hex[2 * RECORD_HASH_BYTES + 1])
{
	for (int i = 0; i < RECORD_HASH_BYTES; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", hash[i]);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int record_unhex(const char *hex, uint8_t ret_hash[RECORD_HASH_BYTES])
{
	uint8_t hash[RECORD_HASH_BYTES];

	if (strnlen(hex, 2 * RECORD_HASH_BYTES + 1) != 2 * RECORD_HASH_BYTES)
		return -EINVAL;
	for (int i = 0; i < RECORD_HASH_BYTES; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		hash[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret_hash, hash, sizeof(hash));
	return 0;
}
