/*
 * Bytes of a program into text. Input: the size of the pieces, then the bytes. The text is UTF-8,
 * in pieces the same as whole, and what was UTF-8 before stays as it is.
 */
#include "fuzz.h"

#include "front/utf8.h"

static char *whole(const uint8_t *data, size_t len, size_t *ret_len)
{
	struct utf8_carry carry = {0};
	char *text;

	FUZZ_ASSERT(utf8_text(&carry, data, len, 1, &text, ret_len) == 0);
	FUZZ_ASSERT(carry.len == 0 && utf8_is_valid(text, *ret_len) && !text[*ret_len]);
	return text;
}

static void compare_pieces(const uint8_t *data, size_t len, size_t piece, const char *text,
			   size_t text_len)
{
	struct utf8_carry carry = {0};
	size_t used = 0;

	for (size_t at = 0; at < len || at == 0; at += piece) {
		size_t n = len - at < piece ? len - at : piece, part_len;
		char *part;
		FUZZ_ASSERT(utf8_text(&carry, data + at, n, at + n == len, &part, &part_len) == 0);
		FUZZ_ASSERT(carry.len <= sizeof(carry.bytes) && utf8_is_valid(part, part_len));
		FUZZ_ASSERT(part_len <= text_len - used);
		FUZZ_ASSERT(memcmp(part, text + used, part_len) == 0);
		used += part_len;
		free(part);
	}
	FUZZ_ASSERT(used == text_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t text_len, again_len;

	if (len < 1)
		return 0;
	uint8_t *copy = fuzz_copy(data + 1, len - 1);
	char *text = whole(copy, len - 1, &text_len);
	char *again = whole((const uint8_t *)text, text_len, &again_len);

	FUZZ_ASSERT(again_len == text_len && memcmp(again, text, text_len) == 0);
	if (utf8_is_valid(copy, len - 1))
		FUZZ_ASSERT(text_len == len - 1 && memcmp(text, copy, text_len) == 0);
	compare_pieces(copy, len - 1, (size_t)data[0] % 8 + 1, text, text_len);
	free(again);
	free(text);
	free(copy);
	return 0;
}
