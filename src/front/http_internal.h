/* What the HTTP server's own files share. */
#ifndef FRONT_HTTP_INTERNAL_H
#define FRONT_HTTP_INTERNAL_H

#include <civetweb.h>
#include <stdatomic.h>

#include "front/http_clients.h"
#include "front/http_server.h"

struct http_server {
	struct mg_context *context;
	struct http_server_config config; /* .listen_address is not valid any more */
	struct http_clients *clients;
	struct repeats *repeats;
	struct rate *rate;
	atomic_int stopping;
};

/*
 * Writes an address as civetweb wants it into spec, of size bytes. Returns 0, or a negative errno
 * when it cannot be listened on (http_listen.c).
 */
int http_listen_spec(const char *address, unsigned port, char *spec, size_t size,
		     struct error *err);

/* Ends listening: civetweb's accepting thread wakes up (http_listen.c). */
void http_listen_end(void);

#endif
