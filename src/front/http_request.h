/*
 * One HTTP request and its reply, as the handlers of the routing table see it. Runs in the front
 * end, on the worker thread of its connection. Every handler replies exactly once.
 *
 * Every error has a status, a code and one sentence for people. Routes of Sandlot's own API write
 * it as {"error":{"code","message"}}, those of the Rust Playground as {"error":"message"}, those of
 * Piston as {"message"}.
 */
#ifndef FRONT_HTTP_REQUEST_H
#define FRONT_HTTP_REQUEST_H

#include <civetweb.h>
#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

struct service;
struct snippets;
struct repeats;
struct api_key;
struct http_server;
struct http_client;
struct web_asset;
struct http_limits; /* base/http_limits.h */

enum {
	HTTP_ID_SIZE = 40, /* room for the variable part of a path */
};

/* The header that names the session a job is of (front/carry.h). */
#define HTTP_SESSION "Sandlot-Session"

enum http_style { HTTP_STYLE_API, HTTP_STYLE_PLAYGROUND, HTTP_STYLE_PISTON };

struct http_request {
	struct mg_connection *conn; /* borrowed, as all pointers here */
	struct http_server *server;
	struct http_client *client;
	struct service *service;
	struct snippets *snippets;
	struct repeats *repeats;
	const struct api_key *api_key; /* it came with, or NULL */
	const struct mg_request_info *info;
	const char *method, *path, *query; /* query: "" when there is none */
	const char *origins;		   /* whose pages are let in, see http_origin.h */
	enum http_style style;
	char id[HTTP_ID_SIZE]; /* what stood for {id} in the path */
	char request_id[64];   /* x-request-id, for routes that echo one; else empty */
	int own_page;	       /* the reply is a file of the operator's own page */
	int keep_alive;	       /* the connection lives on after the reply */
	int status;	       /* of the reply; 0 before it */
	int body_read;	       /* the body has been taken, or there is none */
	int write_failed;      /* the peer is gone or does not read */
	int stream_fd;	       /* the connection's, while a body is streamed; borrowed */
};

/* A whole reply. extra: further header lines, each with CRLF, or NULL. */
struct http_reply {
	int status;
	const char *type; /* Content-Type, or NULL without a body */
	const void *body;
	size_t len;
	const char *extra;
};

/* What the server takes of anybody. Borrowed. */
const struct http_limits *http_server_limits(const struct http_server *server);

/* Is the server ending? Handlers that wait look at it at least once a second. */
int http_server_is_stopping(const struct http_server *server);

/* The page's file at this path, or NULL. ret_own_page: 1 when it is the operator's. */
const struct web_asset *http_server_asset(const struct http_server *server, const char *path,
					  int *ret_own_page);

/* The first header of this name, or NULL. */
const char *http_header(const struct http_request *request, const char *name);

/* The last header of this name, or NULL. */
const char *http_header_last(const struct http_request *request, const char *name);

/*
 * Takes what a request costs from its client's share (rate.h). Returns 0, or in how many seconds
 * the client should come back.
 */
unsigned http_rate_take(struct http_request *request, unsigned cost);

/*
 * Does the message keep to the rules that two servers in a row must agree on (RFC 9112, 6.3): one
 * Content-Length of digits alone, or "chunked", not both? Returns 0, -E2BIG (too many fields) or
 * -EBADMSG.
 */
int http_request_check_framing(const struct http_request *request, struct error *err);

/*
 * Reads the whole body, of at most the server's limit. ret_body: new, NUL-terminated. On failure
 * the error has been replied: return at once. Returns 0 or a negative errno.
 */
int http_body_read(struct http_request *request, char **ret_body, size_t *ret_len);

/* As http_body_read, of a JSON object: checks Content-Type too. ret_object: new reference. */
int http_body_read_json(struct http_request *request, json_t **ret_object);

/*
 * Sends head and body. For HEAD the body stays away. When a large body was not taken, the
 * connection is closed in a way that lets the client see the reply.
 */
void http_reply(struct http_request *request, const struct http_reply *reply);

/* Replies with a JSON value, which is taken (a NULL one is an out-of-memory error). */
void http_reply_json(struct http_request *request, int status, json_t *take_value,
		     const char *extra);

/* Replies with an error. code: as in docs/http.md. text: any bytes. */
void http_reply_error(struct http_request *request, int status, const char *code, const char *extra,
		      const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A reply whose body is streamed: chunked, or to the end of the connection for HTTP/1.0. Of what is
 * written the kernel holds HTTP_SEND_BUFFER for a client that is slow. */
void http_stream_begin(struct http_request *request, const char *type);
/* Returns 0, or -EPIPE when the client is gone or does not take it within some seconds. */
int http_stream_write(struct http_request *request, const void *data, size_t len);
void http_stream_end(struct http_request *request);

/* A JSON text of any bytes: what is not UTF-8 is replaced. New reference, or NULL. */
json_t *http_json_text(const char *text, size_t len);

#endif
