/*
 * Theory of operation. civetweb tells neither socket nor peer of a connection before a request has
 * been read, which is just when a slow or silent peer holds a worker. So the table knows the peers
 * (address and port) of connections that are at work, and a census walks over this process's
 * connected sockets: those of no entry at work are waiting. How long they wait is TCP_INFO's time
 * since the last byte came. A waiting connection is ended with shutdown(2), and its worker sees the
 * end of the stream.
 *
 * The census and the shutdown hold the table's lock, which every connection takes before its socket
 * is closed (http_client_close): a socket found cannot be closed and its number reused under our
 * hands. While there are few connections there is no census at all.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "front/http_clients_internal.h"

enum {
	CENSUS_FDS_MAX = 16384,	   /* descriptors looked at */
	CENSUS_GAP_MAX = 512,	   /* unused descriptors in a row after which there are no more */
	CENSUS_SOCKETS_MAX = 2048, /* connected sockets remembered in one census */
	SILENT_MSEC = 1000,	   /* how long a peer may take to send a request */
	WAIT_GRACE_USEC = 3000000, /* how long a peer may be slow with a body or a reply */
};

/* What may be ended: the higher the sooner. */
enum rank {
	RANK_WORKING, /* never */
	RANK_SLOW,    /* its peer is sending something or taking a reply, not for long */
	RANK_WAITING, /* its peer is silent between requests or before the first, or slow for long
		       */
};

/* One connected socket as a census found it. */
struct census_socket {
	int fd;
	enum rank rank;
	int is_proxy;		/* its address is a proxy's: many clients come from there */
	int is_long;		/* it has a place for what takes long */
	unsigned waited_msec;	/* since its peer last sent something */
	struct in6_addr prefix; /* the address (IPv4 mapped), of IPv6 the /64 */
};

struct census_socket *census_new(void)
{
	return calloc(CENSUS_SOCKETS_MAX, sizeof(struct census_socket));
}

struct in6_addr census_prefix(const char *address)
{
	struct in6_addr six = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	if (inet_pton(AF_INET, address, &six.s6_addr[12]) == 1)
		return six;
	if (inet_pton(AF_INET6, address, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six))
		memset(&six.s6_addr[8], 0, 8);
	return six;
}

/* The peer of a connected TCP socket. Returns 0 or a negative errno. */
static int peer_of(int fd, char address[HTTP_CLIENT_KEY_SIZE], unsigned *ret_port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
		struct sockaddr_storage room;
	} peer;
	socklen_t len = sizeof(peer);

	if (getpeername(fd, &peer.any, &len) < 0)
		return -errno;
	if (peer.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &peer.four.sin_addr, address, HTTP_CLIENT_KEY_SIZE);
		*ret_port = ntohs(peer.four.sin_port);
		return 0;
	}
	if (peer.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &peer.six.sin6_addr, address, HTTP_CLIENT_KEY_SIZE);
		*ret_port = ntohs(peer.six.sin6_port);
		return 0;
	}
	return -EAFNOSUPPORT;
}

static int fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > CENSUS_FDS_MAX)
		return CENSUS_FDS_MAX;
	return (int)limit.rlim_cur;
}

static const struct http_client *client_of_peer(const struct http_clients *clients,
						const char *address, unsigned port)
{
	for (const struct http_client *c = clients->first; c; c = c->next)
		if (c->state != CLIENT_NEW && c->port == port && strcmp(c->address, address) == 0)
			return c;
	return NULL;
}

/* client: of a socket, NULL before its first request. silent_msec: since its peer last sent
 * something. */
static enum rank client_rank(const struct http_client *client, unsigned silent_msec)
{
	if (!client || client->state == CLIENT_IDLE)
		return silent_msec > SILENT_MSEC ? RANK_WAITING : RANK_SLOW;
	if (client->state != CLIENT_WAITING)
		return RANK_WORKING;
	return clock_monotonic_usec() - client->waiting_since > WAIT_GRACE_USEC ? RANK_WAITING
										: RANK_SLOW;
}

/* Looks at a socket. Returns 0 when it is none of ours or has been ended already. */
static int found_fill(const struct http_clients *clients, int fd, const char *address,
		      unsigned port, struct census_socket *found)
{
	const struct http_client *client = client_of_peer(clients, address, port);
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
	    (info.tcpi_state != TCP_ESTABLISHED && info.tcpi_state != TCP_CLOSE_WAIT))
		return 0;
	*found = (struct census_socket){
		.fd = fd,
		.rank = client_rank(client, info.tcpi_last_data_recv),
		.is_long = client && client->is_long,
		.is_proxy = http_proxies_has(&clients->proxies, address),
		.waited_msec = info.tcpi_last_data_recv,
		.prefix = census_prefix(address),
	};
	return 1;
}

/* Under the lock. Fills clients->sockets and returns how many there are. */
static size_t census_take(struct http_clients *clients)
{
	char address[HTTP_CLIENT_KEY_SIZE];
	int end = fd_limit(), gap = 0;
	unsigned port;
	size_t n = 0;

	for (int fd = 3; fd < end && n < CENSUS_SOCKETS_MAX && gap < CENSUS_GAP_MAX; fd++) {
		int r = peer_of(fd, address, &port);
		gap = r == -EBADF ? gap + 1 : 0;
		if (r < 0)
			continue;
		n += (size_t)found_fill(clients, fd, address, port, &clients->sockets[n]);
	}
	return n;
}

/* By address, and of one address what may be ended first. */
static int found_order(const void *a, const void *b)
{
	const struct census_socket *x = a, *y = b;
	int r = memcmp(&x->prefix, &y->prefix, sizeof(x->prefix));

	if (r != 0)
		return r;
	if (x->rank != y->rank)
		return (x->rank < y->rank) - (x->rank > y->rank);
	return (x->waited_msec < y->waited_msec) - (x->waited_msec > y->waited_msec);
}

static void found_end(struct census_socket *found)
{
	shutdown(found->fd, SHUT_RDWR);
	found->rank = RANK_WORKING;
}

/* The sockets of one address, in order. */
struct group {
	struct census_socket *found;
	size_t count, not_working;
};

/* Takes the group that begins at *at. Returns 0 at the end. */
static int group_next(struct census_socket *found, size_t count, size_t *at,
		      struct group *ret_group)
{
	struct group group = {.found = &found[*at]};

	if (*at == count)
		return 0;
	for (; *at < count &&
	       memcmp(&found[*at].prefix, &group.found->prefix, sizeof(group.found->prefix)) == 0;
	     (*at)++) {
		group.count++;
		group.not_working += found[*at].rank != RANK_WORKING;
	}
	*ret_group = group;
	return 1;
}

/* Too many of one address: what has said nothing for a while goes. */
static void group_cut(const struct group *group, size_t most)
{
	size_t excess = group->count > most ? group->count - most : 0;

	if (group->found->is_proxy)
		return;
	for (size_t i = 0; i < excess && group->found[i].rank == RANK_WAITING; i++)
		found_end(&group->found[i]);
}

/* Should the first of a rather be ended than the first of b? */
static int group_is_worse(const struct group *a, const struct group *b)
{
	if (a->not_working != b->not_working)
		return a->not_working > b->not_working;
	if (a->found->rank != b->found->rank)
		return a->found->rank > b->found->rank;
	return a->found->waited_msec > b->found->waited_msec;
}

void census_make_room(struct http_clients *clients)
{
	struct census_socket *found = clients->sockets;
	struct group group, worst = {0};
	size_t count = census_take(clients), at = 0;

	qsort(found, count, sizeof(*found), found_order);
	while (group_next(found, count, &at, &group)) {
		group_cut(&group, clients->limits.client_connections);
		if (group.found->rank != RANK_WORKING &&
		    (!worst.found || group_is_worse(&group, &worst)))
			worst = group;
	}
	/* The last workers: whoever holds most of them idly loses one. */
	if (clients->count > clients->limits.connections -
				     clients->limits.connections / HTTP_RESERVE_SHARE &&
	    worst.found)
		found_end(worst.found);
}

void census_make_long_room(struct http_clients *clients)
{
	struct census_socket *found = clients->sockets, *worst = NULL;
	struct group group;
	size_t count = census_take(clients), at = 0, most = 0;

	qsort(found, count, sizeof(*found), found_order);
	while (group_next(found, count, &at, &group)) {
		struct census_socket *first = NULL;
		size_t idle = 0;
		for (size_t i = 0; i < group.count; i++)
			if (group.found[i].is_long && group.found[i].rank == RANK_WAITING) {
				first = first ? first : &group.found[i];
				idle++;
			}
		if (idle > most) {
			most = idle;
			worst = first;
		}
	}
	if (worst)
		found_end(worst);
}

void census_end_all(struct http_clients *clients)
{
	size_t count = census_take(clients);

	for (size_t i = 0; i < count; i++)
		shutdown(clients->sockets[i].fd, SHUT_RDWR);
}

/* No lock is needed: a worker asks for its own connection, which stays open under it. */
int census_find(const char *wanted_address, unsigned wanted_port)
{
	char address[HTTP_CLIENT_KEY_SIZE];
	unsigned port;
	int gap = 0;

	for (int fd = 3, end = fd_limit(); fd < end && gap < CENSUS_GAP_MAX; fd++) {
		int r = peer_of(fd, address, &port);
		gap = r == -EBADF ? gap + 1 : 0;
		if (r == 0 && port == wanted_port && strcmp(address, wanted_address) == 0)
			return fd;
	}
	return -ENOTCONN;
}
