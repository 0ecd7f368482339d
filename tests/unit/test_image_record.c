#include "unit.h"

#include <errno.h>
#include <string.h>

#include "image/record.h"

static struct image_record sample(void)
{
	struct image_record record = {
		.name = "default",
		.forms = RECORD_TREE | RECORD_EROFS,
		.baked_sec = 1735689600,
		.signed_sec = 1735689601,
		.expires_sec = 1798761600,
		.erofs_bytes = UINT64_C(5) << 32,
	};

	memset(record.id, 1, sizeof(record.id));
	memset(record.tree_sha256, 2, sizeof(record.tree_sha256));
	memset(record.erofs_sha256, 3, sizeof(record.erofs_sha256));
	memset(record.documents_sha256, 4, sizeof(record.documents_sha256));
	memset(record.key_id, 5, sizeof(record.key_id));
	memset(record.signature, 6, sizeof(record.signature));
	return record;
}

static void record_decode_of_encoded_gives_it_back(void **state)
{
	struct image_record record = sample(), back;
	uint8_t bytes[RECORD_BYTES];

	(void)state;
	record_encode(&record, bytes);
	assert_int_equal(record_decode(bytes, sizeof(bytes), &back, NULL), 0);
	assert_memory_equal(&record, &back, sizeof(record));
	assert_true(record_is_signed(&back));
}

/* Every byte either matters or must be 0: none can be changed without being noticed. */
static void record_decode_of_each_byte_changed_differs_or_is_refused(void **state)
{
	struct image_record record = sample(), back;
	uint8_t bytes[RECORD_BYTES], again[RECORD_BYTES];

	(void)state;
	record_encode(&record, bytes);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 0x01;
		if (record_decode(bytes, sizeof(bytes), &back, NULL) == 0) {
			record_encode(&back, again);
			assert_memory_equal(bytes, again, sizeof(bytes));
		}
		bytes[i] ^= 0x01;
	}
}

static void expect_refused(const uint8_t *bytes, size_t len, const char *words)
{
	struct image_record back;
	struct error err = {0};

	assert_int_equal(record_decode(bytes, len, &back, &err), -EINVAL);
	assert_non_null(strstr(err.text, words));
}

static void record_decode_of_what_is_none_is_refused_by_name(void **state)
{
	struct image_record record = sample();
	uint8_t bytes[RECORD_BYTES];

	(void)state;
	record_encode(&record, bytes);
	expect_refused(bytes, RECORD_BYTES - 1, "511 bytes");
	expect_refused(bytes, 0, "0 bytes");
	bytes[0] = 'X';
	expect_refused(bytes, sizeof(bytes), "is no record");
	record_encode(&record, bytes);
	bytes[8] = 2;
	expect_refused(bytes, sizeof(bytes), "version 2");
	record_encode(&record, bytes);
	bytes[12] = 4;
	expect_refused(bytes, sizeof(bytes), "form");
	record_encode(&record, bytes);
	bytes[12] = RECORD_TREE;
	expect_refused(bytes, sizeof(bytes), "EROFS");
	record_encode(&record, bytes);
	bytes[48] = '/';
	expect_refused(bytes, sizeof(bytes), "name");
	record_encode(&record, bytes);
	bytes[48 + strlen("default") + 1] = 'x';
	expect_refused(bytes, sizeof(bytes), "behind its name");
	record_encode(&record, bytes);
	bytes[RECORD_SIGNED_BYTES - 1] = 1;
	expect_refused(bytes, sizeof(bytes), "reserved");
}

static void record_unhex_of_other_than_64_digits_is_refused(void **state)
{
	struct image_record record = sample();
	char hex[2 * RECORD_HASH_BYTES + 2];
	uint8_t hash[RECORD_HASH_BYTES];

	(void)state;
	record_hex(record.tree_sha256, hex);
	assert_int_equal(record_unhex(hex, hash), 0);
	assert_memory_equal(hash, record.tree_sha256, sizeof(hash));
	hex[63] = 'G';
	assert_int_equal(record_unhex(hex, hash), -EINVAL);
	hex[63] = '\0';
	assert_int_equal(record_unhex(hex, hash), -EINVAL);
	memset(hex, 'a', 65);
	hex[65] = '\0';
	assert_int_equal(record_unhex(hex, hash), -EINVAL);
}

static void record_name_is_valid_of_paths_is_false(void **state)
{
	static const char *const names[] = {"", ".", "..", ".x", "a/b", "A", "a b", "ä"};

	(void)state;
	assert_true(record_name_is_valid("rust-talk_2.1"));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(record_name_is_valid(names[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_decode_of_encoded_gives_it_back),
		cmocka_unit_test(record_decode_of_each_byte_changed_differs_or_is_refused),
		cmocka_unit_test(record_decode_of_what_is_none_is_refused_by_name),
		cmocka_unit_test(record_unhex_of_other_than_64_digits_is_refused),
		cmocka_unit_test(record_name_is_valid_of_paths_is_false),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
