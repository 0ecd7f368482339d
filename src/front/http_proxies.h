/*
 * Reverse proxies that are believed what they say of their clients, and who a client then is. Pure.
 */
#ifndef FRONT_HTTP_PROXIES_H
#define FRONT_HTTP_PROXIES_H

#include <stddef.h>

#include "base/error.h"
#include "base/net_prefix.h"

enum { HTTP_PROXIES_MAX = 16, HTTP_ADDRESS_SIZE = 64 };

struct http_proxies {
	struct net_prefix prefixes[HTTP_PROXIES_MAX];
	size_t count;
};

/* Reads addresses and networks with commas between them; an empty text: none. Returns 0 or -EINVAL.
 */
int http_proxies_read(const char *list, struct http_proxies *ret_proxies, struct error *err);

/* Is this numeric address a proxy's? */
int http_proxies_has(const struct http_proxies *proxies, const char *address);

/*
 * Who sent a request that came from peer: the peer, unless it is a proxy; then the last address in
 * forwarded (X-Forwarded-For, or NULL) that is no proxy's. What is no address ends the search: who
 * is nearest stands for it.
 */
void http_proxies_client(const struct http_proxies *proxies, const char *peer,
			 const char *forwarded, char ret_address[HTTP_ADDRESS_SIZE]);

#endif
