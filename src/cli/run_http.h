/*
 * HTTP for `sandlot run`: transfers that run side by side on one thread, over libcurl's multi
 * interface. A transfer's reply is kept whole, or handed to a sink as it comes.
 */
#ifndef CLI_RUN_HTTP_H
#define CLI_RUN_HTTP_H

#include <curl/curl.h>
#include <stddef.h>

#include "base/error.h"

enum { HTTP_BODY_MAX = 8 << 20, HTTP_FDS_MAX = 2 };

/* A connection pool to one server. Zero-initialise. */
struct http {
	CURLM *multi;
	const char *server; /* borrowed URL */
};

/* Checks the URL and makes the pool. Returns 0 or a negative errno; end with http_fini(). */
int http_init(struct http *http, const char *server, struct error *err);
void http_fini(struct http *http);

/* Takes the bytes of a reply of status 200 as they come; negative breaks the transfer off. */
typedef int http_sink(void *owner, const char *bytes, size_t len);

/* What to ask for. Everything is borrowed until the transfer ends, body included. */
struct http_request {
	const char *method; /* "GET" or "POST" */
	const char *path;   /* from the slash after the host on */
	const char *type;   /* content type of the body, or NULL */
	const char *body;
	size_t body_len;
	http_sink *sink; /* NULL: the reply is kept */
	void *owner;
	long timeout_sec; /* 0: none */
};

/* One request and its reply. Zero-initialise; http_end() after use, NULL-safe fields. */
struct http_transfer {
	CURL *easy; /* NULL when there is no transfer */
	struct curl_slist *headers;
	struct http_request request;
	int done;	 /* 1: result and status hold */
	CURLcode result; /* CURLE_OK: a reply came, of whatever status */
	long status;
	unsigned retry_after_sec;
	char *body; /* NUL-terminated, body_len bytes; NULL when empty */
	size_t body_len, body_room;
};

/* Starts a transfer. Returns 0 or a negative errno; on failure there is nothing to end. */
int http_start(struct http *http, struct http_transfer *transfer,
	       const struct http_request *request, struct error *err);

/* Ends a transfer, done or not, and frees what it holds. Harmless on an empty one. */
void http_end(struct http *http, struct http_transfer *transfer);

/*
 * Moves every transfer on, waiting up to timeout_msec for the network or for one of fds (count, at
 * most HTTP_FDS_MAX; revents are set). Returns 0 or a negative errno.
 */
int http_poll(struct http *http, struct curl_waitfd *fds, unsigned count, int timeout_msec,
	      struct error *err);

/* Starts a transfer and waits until it is done. Returns 0 or as http_fault(). */
int http_call(struct http *http, struct http_transfer *transfer, const struct http_request *request,
	      struct error *err);

/* Says what kept a done transfer from a reply, and what to do. Returns a negative errno; 0 when
 * none. */
int http_fault(const struct http *http, const struct http_transfer *transfer, struct error *err);

#endif
