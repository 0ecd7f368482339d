/* The table of connections, shared by http_clients.c (its entries) and http_census.c (their
 * sockets). */
#ifndef FRONT_HTTP_CLIENTS_INTERNAL_H
#define FRONT_HTTP_CLIENTS_INTERNAL_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>

#include "front/http_clients.h"

enum client_state { CLIENT_NEW, CLIENT_WORKING, CLIENT_WAITING, CLIENT_IDLE };

struct http_client {
	struct http_clients *clients;
	struct http_client *next, *prev;
	enum client_state state;
	unsigned port;
	int is_long;
	uint64_t waiting_since; /* WAITING, IDLE, NEW */
	char address[HTTP_CLIENT_KEY_SIZE];
	char key[HTTP_CLIENT_KEY_SIZE];
};

struct census_socket; /* http_census.c */

struct http_clients {
	pthread_mutex_t lock;
	pthread_cond_t long_left; /* a place for what takes long has become free */
	struct http_client *first;
	unsigned count, long_count;
	struct http_proxies proxies;
	struct http_limits limits;
	struct census_socket *sockets; /* scratch of the census, under the lock */
};

/* Room for a census, or NULL when out of memory. */
struct census_socket *census_new(void);

/* Under the lock: ends what waits too long or is too much. */
void census_make_room(struct http_clients *clients);

/* Under the lock: of those that idle in a place for what takes long, ends the longest waiting one
 * of the address that has most of them. */
void census_make_long_room(struct http_clients *clients);

/* Under the lock: ends every connection. */
void census_end_all(struct http_clients *clients);

/* The socket with this peer, or -ENOTCONN. */
int census_find(const char *address, unsigned port);

/* How many bytes have come on a socket since it was opened, UINT64_MAX when the kernel cannot tell.
 */
uint64_t census_received(int fd);

/* An address as those count together that belong to one host: IPv4 mapped, IPv6 cut to its /64. */
struct in6_addr census_prefix(const char *address);

#endif
