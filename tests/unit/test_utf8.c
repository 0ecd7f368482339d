#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "front/utf8.h"

#define R "\xef\xbf\xbd" /* U+FFFD */

static void text_is(const char *in, size_t len, const char *wanted)
{
	struct utf8_carry carry = {0};
	char *text;
	size_t text_len;

	assert_int_equal(utf8_text(&carry, in, len, 1, &text, &text_len), 0);
	assert_int_equal(text_len, strlen(wanted));
	assert_string_equal(text, wanted);
	assert_int_equal(carry.len, 0);
	free(text);
}

#define TEXT_IS(in, wanted) text_is(in, sizeof(in) - 1, wanted)

static void utf8_text_well_formed_is_kept(void **state)
{
	(void)state;
	TEXT_IS("", "");
	TEXT_IS("plain", "plain");
	TEXT_IS("\xc2\x80\xdf\xbf", "\xc2\x80\xdf\xbf");
	TEXT_IS("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
		"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
	TEXT_IS("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void utf8_text_ill_formed_is_replaced(void **state)
{
	(void)state;
	TEXT_IS("a\x80z", "a" R "z");
	TEXT_IS("\xff\xfe", R R);
	TEXT_IS("\xc0\xaf", R R);	      /* overlong "/" */
	TEXT_IS("\xc1\xbf", R R);	      /* overlong */
	TEXT_IS("\xe0\x80\xaf", R R R);	      /* overlong */
	TEXT_IS("\xf0\x80\x80\xaf", R R R R); /* overlong */
	TEXT_IS("\xed\xa0\x80", R R R);	      /* surrogate */
	TEXT_IS("\xf4\x90\x80\x80", R R R R); /* above U+10FFFF */
	TEXT_IS("\xf5\x80\x80\x80", R R R R);
	TEXT_IS("\xe2\x82z", R "z"); /* cut: one for the whole start */
	TEXT_IS("\xf0\x9f\x98z", R "z");
	TEXT_IS("\xf0\x9f\x98\xf0\x9f\x98\x80", R "\xf0\x9f\x98\x80");
	/* The Unicode Standard's own example, table 3-8. */
	TEXT_IS("a\xf1\x80\x80\xe1\x80\xc2"
		"b\x80"
		"c\x80\xbf"
		"d",
		"a" R R R "b" R "c" R R "d");
}

static void utf8_text_cut_at_the_end_is_replaced_when_last(void **state)
{
	(void)state;
	TEXT_IS("x\xc3", "x" R);
	TEXT_IS("x\xe2\x82", "x" R);
	TEXT_IS("x\xf0\x9f\x98", "x" R);
}

static void utf8_text_nul_is_kept(void **state)
{
	struct utf8_carry carry = {0};
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(utf8_text(&carry, "a\0b", 3, 1, &text, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a\0b", 4);
	free(text);
}

/* Feeds bytes in pieces and returns all text. */
static size_t feed(const unsigned char *data, size_t len, uint64_t *random, char *out)
{
	struct utf8_carry carry = {0};
	size_t used = 0, at = 0;

	while (at <= len) {
		size_t n = at == len ? 0 : 1 + unit_random_below(random, len - at);
		char *text;
		size_t text_len;
		if (n > 3)
			n = 1 + unit_random_below(random, 3);
		assert_int_equal(utf8_text(&carry, data + at, n, at + n == len, &text, &text_len),
				 0);
		assert_true(utf8_is_valid(text, text_len));
		assert_true(carry.len <= 3);
		memcpy(out + used, text, text_len);
		used += text_len;
		free(text);
		at += n;
		if (at == len)
			break;
	}
	return used;
}

static void utf8_text_pieces_give_the_same_as_the_whole(void **state)
{
	static const unsigned char alphabet[] = {'a',  0x00, 0x80, 0xbf, 0xc0, 0xc3, 0xe0,
						 0xa0, 0xe2, 0x82, 0xed, 0x9f, 0xf0, 0x9f,
						 0xf4, 0x8f, 0x90, 0xf5, 0xff};
	uint64_t random = 42;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		unsigned char data[24];
		char pieces[sizeof(data) * 3];
		struct utf8_carry carry = {0};
		size_t len = 1 + unit_random_below(&random, sizeof(data)), whole_len;
		char *whole;
		for (size_t i = 0; i < len; i++)
			data[i] = alphabet[unit_random_below(&random, sizeof(alphabet))];
		size_t used = feed(data, len, &random, pieces);
		assert_int_equal(utf8_text(&carry, data, len, 1, &whole, &whole_len), 0);
		assert_int_equal(used, whole_len);
		assert_memory_equal(pieces, whole, used);
		free(whole);
	}
}

static void utf8_text_incomplete_is_held_back(void **state)
{
	struct utf8_carry carry = {0};
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(utf8_text(&carry, "caf\xc3", 4, 0, &text, &len), 0);
	assert_string_equal(text, "caf");
	assert_int_equal(carry.len, 1);
	free(text);
	assert_int_equal(utf8_text(&carry, "\xa9!", 2, 0, &text, &len), 0);
	assert_string_equal(text, "\xc3\xa9!");
	assert_int_equal(carry.len, 0);
	free(text);
}

static void utf8_is_valid_tells(void **state)
{
	(void)state;
	assert_true(utf8_is_valid("", 0));
	assert_true(utf8_is_valid("h\xc3\xa9", 3));
	assert_false(utf8_is_valid("\xc3", 1));
	assert_false(utf8_is_valid("\xff", 1));
	assert_false(utf8_is_valid("\xed\xa0\x80", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_text_well_formed_is_kept),
		cmocka_unit_test(utf8_text_ill_formed_is_replaced),
		cmocka_unit_test(utf8_text_cut_at_the_end_is_replaced_when_last),
		cmocka_unit_test(utf8_text_nul_is_kept),
		cmocka_unit_test(utf8_text_pieces_give_the_same_as_the_whole),
		cmocka_unit_test(utf8_text_incomplete_is_held_back),
		cmocka_unit_test(utf8_is_valid_tells),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
