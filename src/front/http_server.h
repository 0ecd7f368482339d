/*
 * The HTTP side of the front end: owns the listening socket, the worker threads and every
 * connection. Runs in the front end, after the process has jailed itself: it opens no file. Every
 * URI is answered from the routing table (http_route.c); there is no document root.
 */
#ifndef FRONT_HTTP_SERVER_H
#define FRONT_HTTP_SERVER_H

#include "base/error.h"
#include "base/http_limits.h"
#include "front/api_keys.h"
#include "front/http_proxies.h"
#include "front/rate.h"

struct service;	  /* service.h */
struct snippets;  /* snippets.h */
struct web_asset; /* assets.h */
struct http_server;

struct http_server_config {
	struct service *service;    /* borrowed, must outlive the server, as what follows */
	struct snippets *snippets;  /* likewise */
	const char *listen_address; /* numeric IPv4 or IPv6 address without brackets; borrowed for
				       the call */
	unsigned listen_port;	    /* 0 picks one */
	const struct api_keys *api_keys; /* borrowed, must outlive the server */
	struct rate_config rate;
	struct http_proxies proxies;
	struct http_limits limits;
	const struct web_asset *assets; /* the page; borrowed for good … */
	size_t asset_count;		/* … so many files */
	int own_page;			/* 1: it is the operator's */
	char origins[256];		/* whose pages are let in, see http_origin.h */
};

/*
 * Binds and starts serving. ret_server: new; ret_port: the port that was bound. Returns 0 or a
 * negative errno: -EADDRINUSE, -EAFNOSUPPORT, -EINVAL, …
 */
int http_server_start(const struct http_server_config *config, struct http_server **ret_server,
		      unsigned *ret_port, struct error *err);

/* Ends every connection, waits for the threads, frees. NULL-safe. */
void http_server_stop(struct http_server *server);

#endif
