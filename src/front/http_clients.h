/*
 * Who is connected: keeps half-open, idle and stuck connections from starving others. Every
 * civetweb worker serves one connection at a time, so connections are what can run out. Runs in the
 * front end; every function is safe from any thread.
 *
 * Rules, applied when a worker takes a connection:
 * - an address (of IPv6 a /64; of those that come by a proxy, the one it names) holds at most
 * limits.client_connections: beyond, silent ones are ended, and when all of them are at work a new
 * one is told 503;
 * - when few workers are left, the address that holds most of them idly loses the longest waiting
 * one;
 * - not all workers do what takes long (event streams, WebSockets, waiting for a job); when those
 * that may are all taken, the address that idles in most of them loses the longest waiting one.
 * Idle is: no request yet, between two, slow to send a body or slow to take a reply.
 */
#ifndef FRONT_HTTP_CLIENTS_H
#define FRONT_HTTP_CLIENTS_H

#include <stddef.h>

#include "base/http_limits.h"
#include "front/http_proxies.h"

enum {
	HTTP_RESERVE_SHARE = 8, /* one in so many workers is kept free of waiting connections … */
	HTTP_SHORT_SHARE = 16,	/* … and three in so many of long work */
	HTTP_CLIENT_KEY_SIZE = 64,
};

struct http_clients; /* the table */
struct http_client;  /* one connection, from the worker's first look to its close */

/* proxies, limits: copied. NULL when out of memory. */
struct http_clients *http_clients_new(const struct http_proxies *proxies,
				      const struct http_limits *limits);
/* All connections must be gone. NULL-safe; returns NULL. */
struct http_clients *http_clients_free(struct http_clients *clients);

/* A worker has taken a new connection, of which nothing is known yet. NULL when out of memory. */
struct http_client *http_client_open(struct http_clients *clients);

/* The connection is about to be closed: to be called before its socket is. NULL-safe. */
void http_client_close(struct http_client *client);

/*
 * A request has come. address, port: the peer's. forwarded: whom it says it comes from, believed of
 * proxies, or NULL. Returns 0, or -EUSERS when the address has more
 * connections at work than it may.
 */
int http_client_begin(struct http_client *client, const char *address, unsigned port,
		      const char *forwarded);

/* The request carries an API key: it is that client's, wherever it comes from. key: below
 * HTTP_CLIENT_KEY_SIZE characters. */
void http_client_rename(struct http_client *client, const char *key);

/* The request is answered: the connection idles. */
void http_client_end(struct http_client *client);

/* Waits for the peer (on 1) to send or take bytes, or works again (on 0). Once it waits, saying so
 * again changes nothing. */
void http_client_wait(struct http_client *client, int on);

/*
 * Takes one of the places for long work until the request ends; waits up to a second for one that
 * somebody idles in. Returns 0 or -EBUSY.
 */
int http_client_begin_long(struct http_client *client);

/* Whom to be fair to: the address, of IPv6 the /64. Borrowed, valid until the next request. */
const char *http_client_key(const struct http_client *client);

/* The socket of a connection at work; borrowed. Returns it or -ENOTCONN. */
int http_client_socket(struct http_client *client);

/* Why civetweb could not read a request's head. */
enum http_fault {
	HTTP_FAULT_OTHER, /* it is none */
	HTTP_FAULT_LATE,  /* it did not come in time */
	HTTP_FAULT_LONG,  /* it is more than a head may have */
};
enum http_fault http_client_fault(const struct http_client *client, const char *address,
				  unsigned port);

/* Has the peer gone (or promised to send nothing more)? socket_fd: of http_client_socket(). */
int http_client_is_gone(int socket_fd);

/*
 * Ends a connection whose peer may still be sending: says that nothing more comes, then takes what
 * comes, within bounds. Closed with bytes unread it would be reset, and the peer might never see
 * the reply. address, port: the peer's.
 */
void http_client_linger(struct http_client *client, const char *address, unsigned port);

/* Ends every connection: workers that wait on one wake up. */
void http_clients_shutdown(struct http_clients *clients);

/* Writes an address as a key for fairness: IPv4 as it is, IPv6 cut to its /64. Pure. */
void http_client_key_of(const char *address, char key[HTTP_CLIENT_KEY_SIZE]);

#endif
