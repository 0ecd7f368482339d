/*
 * Which other sites' pages may show /embed in a frame and call the API: what --allow-origin named.
 * Runs in the front end. A list is "" (none, the default), "*" (any), or origins as browsers send
 * them ("https://book.example", lower case, no path), parted by single spaces; the supervisor has
 * checked it (src/supervisor/options.c), so it may go into a header. All functions are pure.
 */
#ifndef FRONT_HTTP_ORIGIN_H
#define FRONT_HTTP_ORIGIN_H

#include <stddef.h>

#include "base/error.h"

enum { HTTP_ORIGIN_LINES_MAX = 512 };

/* Is origin, a header's value or NULL, on the list? */
int http_origin_is_allowed(const char *list, const char *origin);

/*
 * May a page of this origin have sent the request: this server's own (host is the Host header), or
 * one on the list? What another site's page sends in a visitor's browser carries that site's
 * Origin; no Origin is no page. Returns 0 or -EPERM. origin, host: header values or NULL.
 */
int http_origin_check(const char *list, const char *origin, const char *host, struct error *err);

/*
 * Writes the header lines that let a page of an allowed origin read the reply (WHATWG Fetch, CORS
 * protocol), each with CRLF; "" for no or another origin. preflight: 1 for OPTIONS, which also says
 * what may be asked. lines: HTTP_ORIGIN_LINES_MAX bytes.
 */
void http_origin_cors(const char *list, const char *origin, int preflight, char *lines);

/* The sources of frame-ancestors (CSP 3) for a path: the page itself is never framed. */
const char *http_origin_ancestors(const char *list, const char *path);

#endif
