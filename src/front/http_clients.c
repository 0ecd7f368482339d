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
#include "front/http_clients.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.h"

enum {
	CENSUS_FROM = 32,	   /* connections below which no rule can be broken */
	CENSUS_FDS_MAX = 16384,	   /* descriptors looked at */
	CENSUS_GAP_MAX = 512,	   /* unused descriptors in a row after which there are no more */
	CENSUS_SOCKETS_MAX = 2048, /* connected sockets remembered in one census */
	WAIT_GRACE_USEC =
		3000000, /* how long a peer at work may be slow before it counts as waiting */
};

enum client_state { CLIENT_NEW, CLIENT_WORKING, CLIENT_WAITING, CLIENT_IDLE };

struct http_client {
	struct http_clients *clients;
	struct http_client *next, *prev;
	enum client_state state;
	unsigned port;
	int is_long;
	uint64_t waiting_since; /* WAITING */
	char address[HTTP_CLIENT_KEY_SIZE];
	char key[HTTP_CLIENT_KEY_SIZE];
};

/* One connected socket as a census found it. */
struct found {
	int fd;
	int waits;		/* may be ended */
	unsigned waited_msec;	/* since its peer last sent something */
	struct in6_addr prefix; /* the address (IPv4 mapped), of IPv6 the /64 */
};

struct http_clients {
	pthread_mutex_t lock;
	struct http_client *first;
	unsigned count, long_count;
	struct found *found; /* CENSUS_SOCKETS_MAX of them; scratch of the census, under the lock */
};

struct http_clients *http_clients_new(void)
{
	struct http_clients *clients = calloc(1, sizeof(*clients));

	if (!clients)
		return NULL;
	clients->found = calloc(CENSUS_SOCKETS_MAX, sizeof(*clients->found));
	if (!clients->found) {
		free(clients);
		return NULL;
	}
	pthread_mutex_init(&clients->lock, NULL);
	return clients;
}

struct http_clients *http_clients_free(struct http_clients *clients)
{
	if (!clients)
		return NULL;
	assert(clients->count == 0);
	pthread_mutex_destroy(&clients->lock);
	free(clients->found);
	free(clients);
	return NULL;
}

/* An address as those count together that belong to one host: IPv4 mapped, IPv6 cut to its /64. */
static struct in6_addr prefix_of(const char *address)
{
	struct in6_addr six = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	if (inet_pton(AF_INET, address, &six.s6_addr[12]) == 1)
		return six;
	if (inet_pton(AF_INET6, address, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six))
		memset(&six.s6_addr[8], 0, 8);
	return six;
}

void http_client_key_of(const char *address, char key[HTTP_CLIENT_KEY_SIZE])
{
	struct in6_addr six = prefix_of(address);
	char text[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_V4MAPPED(&six)) {
		inet_ntop(AF_INET, &six.s6_addr[12], text, sizeof(text));
		snprintf(key, HTTP_CLIENT_KEY_SIZE, "%s", text);
		return;
	}
	inet_ntop(AF_INET6, &six, text, sizeof(text));
	snprintf(key, HTTP_CLIENT_KEY_SIZE, "%s/64", text);
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

static unsigned waited_msec(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return 0;
	return info.tcpi_last_data_recv;
}

static int client_waits(const struct http_client *client)
{
	if (!client || client->state == CLIENT_IDLE)
		return 1;
	return client->state == CLIENT_WAITING &&
	       clock_monotonic_usec() - client->waiting_since > WAIT_GRACE_USEC;
}

/* Under the lock. Fills clients->found and returns how many there are. */
static size_t census(struct http_clients *clients)
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
		struct found *found = &clients->found[n++];
		found->fd = fd;
		found->waits = client_waits(client_of_peer(clients, address, port));
		found->waited_msec = found->waits ? waited_msec(fd) : 0;
		found->prefix = prefix_of(address);
	}
	return n;
}

/* By address, and of one address the longest waiting first, those at work last. */
static int found_order(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int r = memcmp(&x->prefix, &y->prefix, sizeof(x->prefix));

	if (r != 0)
		return r;
	if (x->waits != y->waits)
		return y->waits - x->waits;
	return (x->waited_msec < y->waited_msec) - (x->waited_msec > y->waited_msec);
}

static void found_end(struct found *found)
{
	shutdown(found->fd, SHUT_RDWR);
	found->waits = 0;
}

/* found: the count sockets of one address, in order. */
static void address_make_room(struct found *found, size_t count)
{
	size_t excess = count > HTTP_PER_ADDRESS ? count - HTTP_PER_ADDRESS : 0;

	/* One that waits is left: it may be the one just taken, which deserves an answer. */
	for (size_t i = 0; i < excess && i + 1 < count && found[i].waits && found[i + 1].waits; i++)
		found_end(&found[i]);
}

static void longest_waiting_end(struct found *found, size_t count)
{
	struct found *worst = NULL;

	for (size_t i = 0; i < count; i++)
		if (found[i].waits && (!worst || found[i].waited_msec > worst->waited_msec))
			worst = &found[i];
	if (worst)
		found_end(worst);
}

/* Under the lock: ends what waits too long or is too much. */
static void clients_make_room(struct http_clients *clients)
{
	struct found *found = clients->found;
	size_t count = census(clients), start = 0;

	qsort(found, count, sizeof(*found), found_order);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && memcmp(&found[i].prefix, &found[start].prefix, 16) == 0)
			continue;
		address_make_room(&found[start], i - start);
		start = i;
	}
	if (clients->count > HTTP_WORKERS - HTTP_RESERVE)
		longest_waiting_end(found, count);
}

struct http_client *http_client_open(struct http_clients *clients)
{
	struct http_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->clients = clients;
	pthread_mutex_lock(&clients->lock);
	client->next = clients->first;
	if (client->next)
		client->next->prev = client;
	clients->first = client;
	if (++clients->count > CENSUS_FROM)
		clients_make_room(clients);
	pthread_mutex_unlock(&clients->lock);
	return client;
}

/* Under the lock. */
static void client_release_long(struct http_client *client)
{
	if (!client->is_long)
		return;
	client->is_long = 0;
	client->clients->long_count--;
}

void http_client_close(struct http_client *client)
{
	struct http_clients *clients;

	if (!client)
		return;
	clients = client->clients;
	pthread_mutex_lock(&clients->lock);
	client_release_long(client);
	if (client->next)
		client->next->prev = client->prev;
	if (client->prev)
		client->prev->next = client->next;
	else
		clients->first = client->next;
	clients->count--;
	pthread_mutex_unlock(&clients->lock);
	free(client);
}

int http_client_begin(struct http_client *client, const char *address, unsigned port)
{
	struct http_clients *clients = client->clients;
	unsigned at_work = 0;

	pthread_mutex_lock(&clients->lock);
	snprintf(client->address, sizeof(client->address), "%s", address);
	http_client_key_of(address, client->key);
	client->port = port;
	client->state = CLIENT_WORKING;
	for (const struct http_client *c = clients->first; c; c = c->next)
		if (c->state != CLIENT_NEW && c->state != CLIENT_IDLE &&
		    strcmp(c->key, client->key) == 0)
			at_work++;
	pthread_mutex_unlock(&clients->lock);
	return at_work > HTTP_PER_ADDRESS ? -EUSERS : 0;
}

void http_client_end(struct http_client *client)
{
	pthread_mutex_lock(&client->clients->lock);
	client_release_long(client);
	client->state = CLIENT_IDLE;
	pthread_mutex_unlock(&client->clients->lock);
}

void http_client_wait(struct http_client *client, int on)
{
	pthread_mutex_lock(&client->clients->lock);
	client->state = on ? CLIENT_WAITING : CLIENT_WORKING;
	client->waiting_since = clock_monotonic_usec();
	pthread_mutex_unlock(&client->clients->lock);
}

int http_client_begin_long(struct http_client *client)
{
	struct http_clients *clients = client->clients;
	int r = 0;

	pthread_mutex_lock(&clients->lock);
	if (client->is_long) {
		r = 0;
	} else if (clients->long_count >= HTTP_LONG_MAX) {
		r = -EBUSY;
	} else {
		client->is_long = 1;
		clients->long_count++;
	}
	pthread_mutex_unlock(&clients->lock);
	return r;
}

const char *http_client_key(const struct http_client *client)
{
	return client->key;
}

int http_client_socket(struct http_client *client)
{
	char address[HTTP_CLIENT_KEY_SIZE];
	unsigned port;
	int gap = 0;

	/* No lock: this worker's own connection stays open under it, and only its fd has this peer.
	 */
	for (int fd = 3, end = fd_limit(); fd < end && gap < CENSUS_GAP_MAX; fd++) {
		int r = peer_of(fd, address, &port);
		gap = r == -EBADF ? gap + 1 : 0;
		if (r == 0 && port == client->port && strcmp(address, client->address) == 0)
			return fd;
	}
	return -ENOTCONN;
}

int http_client_is_gone(int socket_fd)
{
	struct pollfd poll_fd = {.fd = socket_fd, .events = POLLRDHUP};

	return poll(&poll_fd, 1, 0) > 0;
}

void http_clients_shutdown(struct http_clients *clients)
{
	pthread_mutex_lock(&clients->lock);
	size_t count = census(clients);
	for (size_t i = 0; i < count; i++)
		shutdown(clients->found[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&clients->lock);
}
