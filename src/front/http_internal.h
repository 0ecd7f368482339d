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

#endif
