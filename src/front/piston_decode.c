#include "front/piston_decode.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static int is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int piston_decode_base64(const char *text, size_t len, char *to, size_t *ret_len)
{
	uint32_t bits = 0;
	size_t used = 0, letters = 0, padding = 0;

	for (size_t i = 0; i < len; i++) {
		int value = base64_value(text[i]);
		if (is_space(text[i]))
			continue;
		padding += text[i] == '=';
		if (text[i] == '=')
			continue;
		if (value < 0 || padding)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)value;
		if (++letters % 4 != 1)
			to[used++] = (char)(bits >> (6 - 2 * ((letters - 1) % 4)) & 0xff);
	}
	/* A letter alone is no byte, and padding fills up to four. */
	if (letters % 4 == 1 || (padding && (letters + padding) % 4 != 0) || padding > 2)
		return -EINVAL;
	*ret_len = used;
	return 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int piston_decode_hex(const char *text, size_t len, char *to, size_t *ret_len)
{
	if (len % 2)
		return -EINVAL;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_value(text[i]), low = hex_value(text[i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		to[i / 2] = (char)(high << 4 | low);
	}
	*ret_len = len / 2;
	return 0;
}
