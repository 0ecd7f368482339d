/*
 * The routing table: which method and path is answered by what. Runs in the front end, on worker
 * threads. What no row names is an embedded file of the page, or 404.
 */
#ifndef FRONT_HTTP_ROUTE_H
#define FRONT_HTTP_ROUTE_H

#include "front/http_request.h"

enum {
	HTTP_GET = 1 << 0, /* and HEAD */
	HTTP_POST = 1 << 1,
	HTTP_DELETE = 1 << 2,
};

enum http_route_flag {
	HTTP_ROUTE_SAME_ORIGIN = 1 << 0, /* refused when another site's page sends it */
	HTTP_ROUTE_LONG = 1 << 1,	 /* waits for a job: takes a place for long work */
	HTTP_ROUTE_NO_HEAD = 1 << 2,	 /* a stream: HEAD makes no sense */
	HTTP_ROUTE_STARTS = 1 << 3,	 /* starts a job: counts against the client's rate */
	HTTP_ROUTE_KEEPS = 1 << 4,	 /* takes room on the disk for good: counts for more */
};

struct http_route {
	unsigned method;     /* one of HTTP_GET … */
	const char *pattern; /* the path; one part may be {id}, which takes any but an empty one; a
				last one after it {name}, likewise */
	unsigned flags;	     /* enum http_route_flag */
	enum http_style style;
	void (*handle)(struct http_request *request);
};

/* Does path match pattern? id: what stands for {id}, empty when the pattern has none. Pure. */
int http_route_matches(const char *pattern, const char *path, char id[HTTP_ID_SIZE]);

/* Finds the route and has it reply; replies itself with 404, 405, 204 to OPTIONS, 403, 503. */
void http_route_dispatch(struct http_request *request);

#endif
