#include "unit.h"

#include <errno.h>
#include <string.h>

#include "image/verdict.h"

static struct verdict sample(void)
{
	struct verdict verdict = {
		.code = VERDICT_OK,
		.has_record = 1,
		.record = {.name = "default", .forms = RECORD_TREE, .baked_sec = 1735689600},
		.signer = "host",
	};

	memset(verdict.record.signature, 6, sizeof(verdict.record.signature));
	memset(verdict.quick, 7, sizeof(verdict.quick));
	return verdict;
}

static void verdict_decode_of_encoded_gives_it_back(void **state)
{
	struct verdict verdict = sample(), back;
	uint8_t bytes[VERDICT_BYTES];

	(void)state;
	for (int code = 0; code < VERDICT_COUNT; code++) {
		verdict = sample();
		verdict.code = (enum verdict_code)code;
		verdict.has_record = code != VERDICT_UNSIGNED && code != VERDICT_BAD_RECORD;
		if (!verdict.has_record)
			memset(&verdict.record, 0, sizeof(verdict.record));
		verdict_set_text(&verdict, "usr/bin/python3 has other bytes");
		verdict_encode(&verdict, bytes);
		assert_int_equal(verdict_decode(bytes, sizeof(bytes), &back, NULL), 0);
		assert_memory_equal(&verdict, &back, sizeof(verdict));
	}
}

/* Whatever a program that was taken over writes, what is taken can be written again. */
static void verdict_decode_of_each_byte_changed_differs_or_is_refused(void **state)
{
	struct verdict verdict = sample(), back;
	uint8_t bytes[VERDICT_BYTES], again[VERDICT_BYTES];

	(void)state;
	verdict_encode(&verdict, bytes);
	for (size_t i = 0; i < sizeof(bytes); i++)
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			bytes[i] ^= (uint8_t)bit;
			if (verdict_decode(bytes, sizeof(bytes), &back, NULL) == 0) {
				verdict_encode(&back, again);
				assert_memory_equal(bytes, again, sizeof(bytes));
			}
			bytes[i] ^= (uint8_t)bit;
		}
}

static void expect_refused(const uint8_t *bytes, size_t len, const char *words)
{
	struct verdict back;
	struct error err = {0};

	assert_int_equal(verdict_decode(bytes, len, &back, &err), -EINVAL);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" says nothing of \"%s\"", err.text, words);
}

enum { AT_CODE = 8, AT_HAS_RECORD, AT_RESERVED, AT_SIGNER = 48, AT_RECORD = 112, AT_TEXT = 624 };

/* Decodes a good verdict with some bytes changed. */
static void expect_change_refused(size_t at, const void *data, size_t len, const char *words)
{
	struct verdict verdict = sample();
	uint8_t bytes[VERDICT_BYTES];

	verdict_encode(&verdict, bytes);
	memcpy(bytes + at, data, len);
	expect_refused(bytes, sizeof(bytes), words);
}

static void verdict_decode_of_what_is_none_is_refused(void **state)
{
	struct verdict verdict = sample();
	uint8_t bytes[VERDICT_BYTES];
	char unended[VERDICT_TEXT_MAX];

	(void)state;
	memset(unended, 'x', sizeof(unended));
	verdict_encode(&verdict, bytes);
	expect_refused(bytes, VERDICT_BYTES - 1, "815 bytes");
	expect_refused(bytes, 0, "0 bytes");
	expect_change_refused(0, "x", 1, "no verdict");
	expect_change_refused(AT_CODE, (const uint8_t[]){VERDICT_COUNT}, 1, "code");
	expect_change_refused(AT_HAS_RECORD, "\2", 1, "record");
	expect_change_refused(AT_HAS_RECORD, "", 1, "does not have");
	expect_change_refused(AT_RESERVED, "\1", 1, "reserved");
	expect_change_refused(AT_RECORD, "x", 1, "record");
	expect_change_refused(AT_SIGNER, "../x", 4, "signer");
	expect_change_refused(AT_SIGNER + 10, "x", 1, "signer");
	expect_change_refused(AT_TEXT, "\033[31m", 5, "printed");
	expect_change_refused(AT_TEXT + 1, "x", 1, "without an end");
	expect_change_refused(AT_TEXT, unended, sizeof(unended), "without an end");
}

/* The two verdicts by which an image gets in must agree with the record. */
static void verdict_decode_of_a_contradiction_is_refused(void **state)
{
	static const uint8_t zeros[RECORD_SIGNATURE_BYTES];

	(void)state;
	expect_change_refused(AT_RECORD + RECORD_SIGNED_BYTES, zeros, sizeof(zeros),
			      "good that is not signed");
	expect_change_refused(AT_SIGNER, zeros, RECORD_NAME_MAX, "good that is not signed");
	expect_change_refused(AT_CODE, (const uint8_t[]){VERDICT_UNSIGNED}, 1,
			      "no signature where there is one");
}

static void verdict_sentence_names_image_fault_and_remedy(void **state)
{
	struct verdict verdict = sample();
	char sentence[VERDICT_SENTENCE_MAX];

	(void)state;
	verdict.code = VERDICT_ALTERED_TREE;
	verdict_set_text(&verdict, "usr/bin/py\033[m\nthon has other bytes");
	verdict_sentence(&verdict, "build/image", sentence);
	assert_string_equal(sentence,
			    "the image build/image is not what its record says (usr/bin/py?[m?thon "
			    "has other bytes); bake or import the image again");
	verdict = sample();
	verdict_sentence(&verdict, "build/image", sentence);
	assert_string_equal(sentence, "the image build/image is as it was signed");
	assert_string_equal(verdict_word(VERDICT_ALTERED_TREE), "altered-tree");
}

static void verdict_fits_nothing_is_false(void **state)
{
	static const uint8_t none[VERDICT_QUICK_BYTES];
	struct verdict verdict = sample();
	uint8_t quick[VERDICT_QUICK_BYTES];

	(void)state;
	memset(quick, 7, sizeof(quick));
	assert_true(verdict_fits(&verdict, quick));
	quick[31] ^= 1;
	assert_false(verdict_fits(&verdict, quick));
	memset(verdict.quick, 0, sizeof(verdict.quick));
	assert_false(verdict_fits(&verdict, none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdict_decode_of_encoded_gives_it_back),
		cmocka_unit_test(verdict_decode_of_each_byte_changed_differs_or_is_refused),
		cmocka_unit_test(verdict_decode_of_what_is_none_is_refused),
		cmocka_unit_test(verdict_decode_of_a_contradiction_is_refused),
		cmocka_unit_test(verdict_sentence_names_image_fault_and_remedy),
		cmocka_unit_test(verdict_fits_nothing_is_false),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
