/* Addresses that begin alike: one, or a network as ADDRESS/BITS. IPv4 counts as IPv4-mapped IPv6.
 * Pure. */
#ifndef BASE_NET_PREFIX_H
#define BASE_NET_PREFIX_H

#include <stddef.h>
#include <stdint.h>

struct net_prefix {
	uint8_t address[16];
	unsigned bits; /* of address that count: 0 to 128 */
};

/*
 * Reads len characters: "192.0.2.1", "192.0.2.0/24", "2001:db8::/32". Returns 0 or -EINVAL. Bits
 * beyond the prefix must be 0.
 */
int net_prefix_parse(const char *text, size_t len, struct net_prefix *ret_prefix);

/* Is b, an address, within a? */
int net_prefix_has(const struct net_prefix *a, const struct net_prefix *b);

#endif
