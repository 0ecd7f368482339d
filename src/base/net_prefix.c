#include "base/net_prefix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAPPED_BITS = 96, TEXT_MAX = 64 };

/* Is bit number at of an address set? */
static int bit(const uint8_t address[16], unsigned at)
{
	return address[at / 8] >> (7 - at % 8) & 1;
}

/* "24": at most `most`. Returns -EINVAL for anything else. */
static int parse_bits(const char *text, unsigned most)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 3 || text[n] != '\0' || strtoul(text, NULL, 10) > most)
		return -EINVAL;
	return (int)strtoul(text, NULL, 10);
}

int net_prefix_parse(const char *text, size_t len, struct net_prefix *ret_prefix)
{
	struct net_prefix prefix = {.address = {[10] = 0xff, [11] = 0xff}, .bits = 128};
	char copy[TEXT_MAX], *slash;
	unsigned before = MAPPED_BITS;

	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, copy, &prefix.address[12]) != 1) {
		before = 0;
		if (inet_pton(AF_INET6, copy, prefix.address) != 1)
			return -EINVAL;
	}
	if (slash) {
		int bits = parse_bits(slash + 1, 128 - before);
		if (bits < 0)
			return bits;
		prefix.bits = before + (unsigned)bits;
	}
	for (unsigned i = prefix.bits; i < 128; i++)
		if (bit(prefix.address, i))
			return -EINVAL;
	*ret_prefix = prefix;
	return 0;
}

int net_prefix_has(const struct net_prefix *a, const struct net_prefix *b)
{
	for (unsigned i = 0; i < a->bits; i++)
		if (bit(a->address, i) != bit(b->address, i))
			return 0;
	return b->bits >= a->bits;
}
