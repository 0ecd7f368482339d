#include "front/assets.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct web_asset *assets_find(const struct web_asset *assets, size_t count, const char *path)
{
	/* The Rust Playground's page has this second address. */
	if (strcmp(path, "/help") == 0)
		path = "/";
	for (size_t i = 0; i < count; i++)
		if (strcmp(assets[i].path, path) == 0)
			return &assets[i];
	return NULL;
}

/* Moves past blanks and commas; returns the next list element and its length, or NULL at the end.
 */
static const char *list_next(const char **at, size_t *ret_len)
{
	const char *start = *at + strspn(*at, " \t,");
	size_t len = strcspn(start, ",");

	*at = start + len;
	while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t'))
		len--;
	*ret_len = len;
	return len ? start : NULL;
}

/* Does an element's weight say "not this one" (q=0, q=0.0, …)? */
static int weight_is_zero(const char *element, size_t len)
{
	const char *end = element + len, *weight = memchr(element, ';', len);

	if (!weight)
		return 0;
	weight++;
	while (weight < end && (*weight == ' ' || *weight == '\t'))
		weight++;
	if (end - weight < 3 || (weight[0] != 'q' && weight[0] != 'Q') || weight[1] != '=')
		return 0;
	for (weight += 2; weight < end; weight++)
		if (*weight != '0' && *weight != '.')
			return 0;
	return 1;
}

unsigned assets_accepted(const char *accept_encoding)
{
	static const struct {
		const char *name;
		unsigned flags;
	} codings[] = {{"gzip", ASSETS_GZIP},
		       {"x-gzip", ASSETS_GZIP},
		       {"br", ASSETS_BROTLI},
		       {"*", ASSETS_GZIP | ASSETS_BROTLI}};
	unsigned yes = 0, no = 0;
	const char *element;
	size_t len;

	if (!accept_encoding)
		return 0;
	while ((element = list_next(&accept_encoding, &len))) {
		size_t name_len = strcspn(element, "; \t,");
		for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++) {
			if (strlen(codings[i].name) != name_len ||
			    strncasecmp(codings[i].name, element, name_len) != 0)
				continue;
			if (!weight_is_zero(element, len))
				yes |= codings[i].flags;
			else if (codings[i].name[0] != '*')
				no |= codings[i].flags;
		}
	}
	return yes & ~no;
}

int assets_etag_matches(const char *if_none_match, const char *etag)
{
	const char *element;
	size_t len;

	if (!if_none_match)
		return 0;
	while ((element = list_next(&if_none_match, &len))) {
		if (len == 1 && *element == '*')
			return 1;
		if (len > 2 && strncmp(element, "W/", 2) == 0) {
			element += 2;
			len -= 2;
		}
		if (len == strlen(etag) && strncmp(element, etag, len) == 0)
			return 1;
	}
	return 0;
}

int assets_path_is_hashed(const char *path)
{
	const char *dot = strrchr(path, '.'), *at = dot;

	while (at && at > path && !strchr("-./", at[-1]))
		at--;
	if (!at || at == path || at[-1] == '/')
		return 0;
	size_t len = (size_t)(dot - at);
	if (at[-1] == '-' && len == 8 && strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == 8)
		return 1;
	return len >= 16 && strspn(at, "0123456789abcdef") == len;
}

void assets_reply(struct http_request *request, const struct web_asset *asset)
{
	unsigned accepted = assets_accepted(http_header(request, "Accept-Encoding"));
	struct http_reply reply = {
		.status = 200, .type = asset->type, .body = asset->plain, .len = asset->plain_len};
	const char *coding = NULL;
	char extra[320];

	if (accepted & ASSETS_BROTLI && asset->brotli) {
		coding = "br";
		reply.body = asset->brotli;
		reply.len = asset->brotli_len;
	} else if (accepted & ASSETS_GZIP && asset->gzip) {
		coding = "gzip";
		reply.body = asset->gzip;
		reply.len = asset->gzip_len;
	}
	snprintf(extra, sizeof(extra),
		 "%s%s%sCache-Control: %s\r\nETag: %.100s\r\nVary: Accept-Encoding\r\n",
		 coding ? "Content-Encoding: " : "", coding ? coding : "", coding ? "\r\n" : "",
		 assets_path_is_hashed(asset->path) ? "public, max-age=31536000, immutable"
						    : "no-cache",
		 asset->etag);
	reply.extra = extra;
	if (assets_etag_matches(http_header(request, "If-None-Match"), asset->etag)) {
		reply.status = 304;
		reply.type = NULL;
	}
	http_reply(request, &reply);
}
