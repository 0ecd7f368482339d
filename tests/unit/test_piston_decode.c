#include "unit.h"

#include <errno.h>
#include <string.h>

#include "front/piston_decode.h"

typedef int decoder(const char *text, size_t len, char *to, size_t *ret_len);

static void assert_decodes(decoder *decode, const char *text, const char *want, size_t want_len)
{
	char to[64];
	size_t len = 99;

	if (decode(text, strlen(text), to, &len) != 0)
		fail_msg("%s", text);
	assert_int_equal(len, want_len);
	assert_memory_equal(to, want, want_len);
}

/* The examples of RFC 4648, section 10, and what clients write besides. */
static void decode_base64_gives_the_bytes(void **state)
{
	(void)state;
	assert_decodes(piston_decode_base64, "", "", 0);
	assert_decodes(piston_decode_base64, "Zg==", "f", 1);
	assert_decodes(piston_decode_base64, "Zm8=", "fo", 2);
	assert_decodes(piston_decode_base64, "Zm9v", "foo", 3);
	assert_decodes(piston_decode_base64, "Zm9vYg==", "foob", 4);
	assert_decodes(piston_decode_base64, "Zm9vYmE=", "fooba", 5);
	assert_decodes(piston_decode_base64, "Zm9vYmFy", "foobar", 6);
	assert_decodes(piston_decode_base64, "Zm9vYg", "foob", 4);
	assert_decodes(piston_decode_base64, "Zm9v\r\n Ym Fy\n", "foobar", 6);
	assert_decodes(piston_decode_base64, "AP+/+w==", "\0\xff\xbf\xfb", 4);
	assert_decodes(piston_decode_base64, "AP-_-w", "\0\xff\xbf\xfb", 4);
}

static void decode_base64_refuses_what_is_none(void **state)
{
	static const char *const wrong[] = {
		"Z", "Zg=", "Zm9vY", "Zg==Zg==", "=", "Zm9v=", "Zm9v*", "\xff\xff\xff\xff", "Zg=g"};
	char to[64];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (piston_decode_base64(wrong[i], strlen(wrong[i]), to, &len) != -EINVAL)
			fail_msg("%s", wrong[i]);
}

static void decode_hex_gives_the_bytes_or_refuses(void **state)
{
	static const char *const wrong[] = {"0", "0g", "0x", " 00", "00 "};
	char to[64];
	size_t len;

	(void)state;
	assert_decodes(piston_decode_hex, "", "", 0);
	assert_decodes(piston_decode_hex, "00fFAb", "\0\xff\xab", 3);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (piston_decode_hex(wrong[i], strlen(wrong[i]), to, &len) != -EINVAL)
			fail_msg("%s", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_base64_gives_the_bytes),
		cmocka_unit_test(decode_base64_refuses_what_is_none),
		cmocka_unit_test(decode_hex_gives_the_bytes_or_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
