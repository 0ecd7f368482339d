#include "front/utf8.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[3] = {'\xef', '\xbf', '\xbd'};

/* How many bytes a sequence that starts with lead has; 0 when none starts with it. */
static unsigned sequence_len(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if ((lead & 0xf0) == 0xe0)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

/* May byte be the second of a sequence? Here overlong forms, surrogates and > U+10FFFF fall out. */
static int second_is_valid(unsigned char lead, unsigned char byte)
{
	switch (lead) {
	case 0xe0:
		return byte >= 0xa0 && byte <= 0xbf;
	case 0xed:
		return byte >= 0x80 && byte <= 0x9f;
	case 0xf0:
		return byte >= 0x90 && byte <= 0xbf;
	case 0xf4:
		return byte >= 0x80 && byte <= 0x8f;
	default:
		return (byte & 0xc0) == 0x80;
	}
}

/*
 * Looks at the sequence at the start of data (len > 0). ret_len: its bytes, or those of the longest
 * ill-formed start. Returns 1 well-formed, 0 ill-formed, -1 cut off by the end of data.
 */
static int sequence_check(const unsigned char *data, size_t len, size_t *ret_len)
{
	unsigned want = sequence_len(data[0]);

	*ret_len = 1;
	if (want <= 1)
		return want == 1;
	for (unsigned i = 1; i < want; i++) {
		*ret_len = i;
		if (i == len)
			return -1;
		if (i == 1 ? !second_is_valid(data[0], data[1]) : (data[i] & 0xc0) != 0x80)
			return 0;
	}
	*ret_len = want;
	return 1;
}

/* Converts until the end or an incomplete sequence. Returns how many bytes of it were used. */
static size_t convert(const unsigned char *data, size_t len, char *out, size_t *used)
{
	size_t at = 0, n;

	while (at < len) {
		int well = sequence_check(data + at, len - at, &n);
		if (well < 0)
			break;
		if (well) {
			memcpy(out + *used, data + at, n);
			*used += n;
		} else {
			memcpy(out + *used, replacement, sizeof(replacement));
			*used += sizeof(replacement);
		}
		at += n;
	}
	return at;
}

int utf8_text(struct utf8_carry *carry, const void *data, size_t len, int last, char **ret_text,
	      size_t *ret_len)
{
	size_t all = carry->len + len, used = 0;
	unsigned char *in;
	char *out;

	/* At worst every byte becomes a replacement of three. */
	if (all > SIZE_MAX / 4 - 4)
		return -ENOMEM;
	in = malloc(all + 1);
	out = malloc(all * 3 + 1);
	if (!in || !out) {
		free(in);
		free(out);
		return -ENOMEM;
	}
	memcpy(in, carry->bytes, carry->len);
	if (len)
		memcpy(in + carry->len, data, len);

	size_t done = convert(in, all, out, &used);
	carry->len = 0;
	if (done < all && last) {
		memcpy(out + used, replacement, sizeof(replacement));
		used += sizeof(replacement);
	} else if (done < all) {
		/* An incomplete sequence is at most three bytes. */
		carry->len = (unsigned char)(all - done);
		memcpy(carry->bytes, in + done, all - done);
	}
	free(in);
	out[used] = '\0';
	*ret_text = out;
	*ret_len = used;
	return 0;
}

int utf8_is_valid(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	size_t n;

	for (size_t at = 0; at < len; at += n)
		if (sequence_check(bytes + at, len - at, &n) != 1)
			return 0;
	return 1;
}
