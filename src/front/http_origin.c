#include "front/http_origin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

int http_origin_is_allowed(const char *list, const char *origin)
{
	size_t len = origin ? strlen(origin) : 0;

	if (len == 0)
		return 0;
	if (strcmp(list, "*") == 0)
		return 1;
	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");
		if (n == len && memcmp(at, origin, n) == 0)
			return 1;
		at += n;
	}
	return 0;
}

int http_origin_check(const char *list, const char *origin, const char *host, struct error *err)
{
	const char *authority;

	if (!origin || http_origin_is_allowed(list, origin))
		return 0;
	authority = strstr(origin, "://");
	if (host && authority && strcasecmp(authority + 3, host) == 0)
		return 0;
	return error_set_plain(
		err, -EPERM, "origin",
		"this request comes from another site (Origin %.80s); only pages of "
		"this server, and of those it names with --allow-origin, may send it",
		origin);
}

void http_origin_cors(const char *list, const char *origin, int preflight, char *lines)
{
	int any = strcmp(list, "*") == 0;

	lines[0] = '\0';
	if (!http_origin_is_allowed(list, origin))
		return;
	/* An origin on the list is as long as the list at most, and has no characters but its own.
	 */
	snprintf(lines, HTTP_ORIGIN_LINES_MAX, "Access-Control-Allow-Origin: %.250s\r\n%s%s",
		 any ? "*" : origin, any ? "" : "Vary: Origin\r\n",
		 preflight ? "Access-Control-Allow-Methods: GET, POST, DELETE\r\n"
			     "Access-Control-Allow-Headers: content-type, authorization, "
			     "sandlot-session\r\n"
			     "Access-Control-Max-Age: 3600\r\n"
			   : "");
}

const char *http_origin_ancestors(const char *list, const char *path)
{
	if (strcmp(path, "/embed") != 0)
		return "'none'";
	return list[0] ? list : "'self'";
}
