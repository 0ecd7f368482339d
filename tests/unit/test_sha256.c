#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/sha256.h"

static void assert_hash(const char *data, size_t len, const char *want)
{
	uint8_t hash[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];

	sha256_of(data, len, hash);
	for (int i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(hex, want);
}

/* The examples that NIST publishes for FIPS 180-4. */
static void sha256_published_examples_match(void **state)
{
	(void)state;
	assert_hash("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_hash("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
		    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void sha256_a_million_letters_match(void **state)
{
	char *data = malloc(1000000);

	(void)state;
	assert_non_null(data);
	memset(data, 'a', 1000000);
	assert_hash(data, 1000000,
		    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(data);
}

/* Every length around the block's, in pieces of every size, comes to the same as in one. */
static void sha256_add_pieces_are_as_one(void **state)
{
	char data[200];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7);
	for (size_t len = 0; len <= sizeof(data); len++) {
		uint8_t whole[SHA256_BYTES], pieces[SHA256_BYTES];
		struct sha256 sha256;

		sha256_of(data, len, whole);
		for (size_t piece = 1; piece <= 70; piece += 23) {
			sha256_begin(&sha256);
			for (size_t at = 0; at < len; at += piece)
				sha256_add(&sha256, data + at, len - at < piece ? len - at : piece);
			sha256_end(&sha256, pieces);
			assert_memory_equal(whole, pieces, SHA256_BYTES);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_published_examples_match),
		cmocka_unit_test(sha256_a_million_letters_match),
		cmocka_unit_test(sha256_add_pieces_are_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
