#include "front/http_proxies.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int http_proxies_read(const char *list, struct http_proxies *ret_proxies, struct error *err)
{
	struct http_proxies proxies = {.count = 0};

	while (*list) {
		size_t n = strcspn(list, ",");
		if (proxies.count == HTTP_PROXIES_MAX ||
		    net_prefix_parse(list, n, &proxies.prefixes[proxies.count++]) < 0)
			return error_set_plain(err, -EINVAL, "proxies",
					       "\"%.*s\" is one proxy too many or no address",
					       (int)(n < 60 ? n : 60), list);
		list += n + (list[n] == ',');
	}
	*ret_proxies = proxies;
	return 0;
}

int http_proxies_has(const struct http_proxies *proxies, const char *address)
{
	struct net_prefix prefix;

	if (net_prefix_parse(address, strlen(address), &prefix) < 0)
		return 0;
	for (size_t i = 0; i < proxies->count; i++)
		if (net_prefix_has(&proxies->prefixes[i], &prefix))
			return 1;
	return 0;
}

/* The address in a part of the list, without blanks, brackets and port. Returns 1, or 0: none. */
static int part_address(const char *part, size_t len, char ret_address[HTTP_ADDRESS_SIZE])
{
	struct net_prefix prefix;

	while (len && (*part == ' ' || *part == '\t')) {
		part++;
		len--;
	}
	while (len && (part[len - 1] == ' ' || part[len - 1] == '\t'))
		len--;
	const char *colon = memchr(part, ':', len), *bracket = memchr(part, ']', len);
	if (len && *part == '[' && bracket) {
		part++;
		len = (size_t)(bracket - part);
	} else if (colon && !memchr(colon + 1, ':', len - (size_t)(colon + 1 - part))) {
		len = (size_t)(colon - part);
	}
	if (len >= HTTP_ADDRESS_SIZE || net_prefix_parse(part, len, &prefix) < 0 ||
	    memchr(part, '/', len))
		return 0;
	memcpy(ret_address, part, len);
	ret_address[len] = '\0';
	return 1;
}

void http_proxies_client(const struct http_proxies *proxies, const char *peer,
			 const char *forwarded, char ret_address[HTTP_ADDRESS_SIZE])
{
	const char *end = forwarded ? forwarded + strlen(forwarded) : NULL;
	char address[HTTP_ADDRESS_SIZE];

	snprintf(ret_address, HTTP_ADDRESS_SIZE, "%s", peer);
	while (end && http_proxies_has(proxies, ret_address)) {
		const char *comma = memrchr(forwarded, ',', (size_t)(end - forwarded));
		const char *part = comma ? comma + 1 : forwarded;
		if (!part_address(part, (size_t)(end - part), address))
			return;
		memcpy(ret_address, address, sizeof(address));
		end = comma;
	}
}
