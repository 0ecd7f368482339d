#include "front/diagnostics_internal.h"

#include <string.h>

enum { TAB = 8 };

const char *diagnostics_source_line(const struct diagnostics *diagnostics, const char *name,
				    size_t name_len, long number, size_t *ret_len)
{
	for (size_t i = 0; i < diagnostics->source_count; i++) {
		const struct diagnostics_source *source = &diagnostics->sources[i];
		const char *at = source->content, *end = at + source->len, *newline;
		if (strlen(source->name) != name_len || memcmp(source->name, name, name_len) != 0)
			continue;
		for (; number > 1; number--) {
			newline = memchr(at, '\n', (size_t)(end - at));
			if (!newline)
				return NULL;
			at = newline + 1;
		}
		newline = memchr(at, '\n', (size_t)(end - at));
		*ret_len = (size_t)((newline ? newline : end) - at);
		return at;
	}
	return NULL;
}

/* Decodes a scalar value of UTF-8; a byte that is none counts as itself. Returns its length. */
static size_t scalar_next(const unsigned char *at, size_t len, unsigned *ret_scalar)
{
	size_t n = at[0] < 0xc0 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf8 ? 4 : 1;
	unsigned scalar = n == 1 ? at[0] : at[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if (i >= len || (at[i] & 0xc0) != 0x80) {
			*ret_scalar = at[0];
			return 1;
		}
		scalar = scalar << 6 | (at[i] & 0x3f);
	}
	*ret_scalar = scalar;
	return n;
}

/* Columns on a terminal: the wide blocks of Unicode's East Asian Width, and marks that combine. */
static long scalar_width(unsigned scalar)
{
	static const struct {
		unsigned first, last;
		long width;
	} blocks[] = {
		{0x300, 0x36f, 0},     {0x1100, 0x115f, 2},   {0x200b, 0x200f, 0},
		{0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},
		{0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},   {0xfe30, 0xfe6f, 2},
		{0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2},
		{0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (scalar >= blocks[i].first && scalar <= blocks[i].last)
			return blocks[i].width;
	return 1;
}

/* Walks to the place `wanted` of the line, which is counted in bytes or in display columns. */
static long column_find(const char *line, size_t len, long wanted, int is_display)
{
	const unsigned char *at = (const unsigned char *)line;
	long place = 1, column = 1;

	while (len > 0 && place < wanted) {
		unsigned scalar;
		size_t n = scalar_next(at, len, &scalar);
		if (!is_display)
			place += (long)n;
		else if (scalar == '\t')
			place += TAB - (place - 1) % TAB;
		else
			place += scalar_width(scalar);
		/* The place is inside this character. */
		if (place > wanted)
			return column;
		column++;
		at += n;
		len -= n;
	}
	return wanted > place ? column + (wanted - place) : column;
}

long diagnostics_column_of_byte(const char *line, size_t len, long byte)
{
	return column_find(line, len, byte, 0);
}

long diagnostics_column_of_display(const char *line, size_t len, long display)
{
	return column_find(line, len, display, 1);
}
