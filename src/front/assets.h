/*
 * The page's files, compressed when Sandlot is built and embedded in the program by
 * build/gen/web_assets.S (scripts/web-embed writes it). Read-only.
 */
#ifndef FRONT_ASSETS_H
#define FRONT_ASSETS_H

#include <stddef.h>

#include "front/http_request.h"

/*
 * One file. The assembly lays this out by hand: nine members of 8 bytes each, in this order (x86_64
 * and arm64), texts NUL-terminated.
 */
struct web_asset {
	const char *path; /* "/", "/assets/main-1A2B3C4D.js": as in the URL */
	const char *type; /* Content-Type, with charset */
	const char *etag; /* with its quotes */
	const unsigned char *plain;
	size_t plain_len;
	const unsigned char *gzip; /* NULL when not worth it */
	size_t gzip_len;
	const unsigned char *brotli; /* NULL when not worth it */
	size_t brotli_len;
};

_Static_assert(sizeof(struct web_asset) == 9 * 8, "web_assets.S lays it out by hand");

extern const struct web_asset web_assets[];
extern const size_t web_asset_count;

/* The asset of a list at this path, or NULL. /help is the index, too. */
const struct web_asset *assets_find(const struct web_asset *assets, size_t count, const char *path);

/* Answers GET or HEAD for an asset: negotiates the encoding, honours If-None-Match. */
void assets_reply(struct http_request *request, const struct web_asset *asset);

/* Which encodings a client takes. */
enum { ASSETS_GZIP = 1, ASSETS_BROTLI = 2 };

/*
 * Reads an Accept-Encoding value (RFC 9110, 12.5.3); NULL: none. Returns the ASSETS_ flags of what
 * is taken with a quality above 0. Pure.
 */
unsigned assets_accepted(const char *accept_encoding);

/*
 * Is the name made from the content, so that it may be kept for ever? Our build writes
 * NAME-HASH.EXT with eight capital letters and digits, others NAME-HASH.EXT or NAME.HASH.EXT with
 * at least 16 lower-case hex digits. Pure.
 */
int assets_path_is_hashed(const char *path);

/* Is etag in an If-None-Match value (list, weak forms, "*")? NULL: no. Pure. */
int assets_etag_matches(const char *if_none_match, const char *etag);

#endif
