#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "front/http_clients_internal.h"

enum {
	CENSUS_FROM = 32, /* connections below which no rule can be broken */
	LINGER_USEC = 2000000,
	LINGER_BYTES = 8 << 20,
	LONG_WAIT_SEC = 1, /* for somebody idle to leave */
};

struct http_clients *http_clients_new(const struct http_proxies *proxies,
				      const struct http_limits *limits)
{
	struct http_clients *clients = calloc(1, sizeof(*clients));

	if (!clients)
		return NULL;
	clients->proxies = *proxies;
	clients->limits = *limits;
	clients->sockets = census_new();
	if (!clients->sockets) {
		free(clients);
		return NULL;
	}
	pthread_mutex_init(&clients->lock, NULL);
	pthread_cond_init(&clients->long_left, NULL);
	return clients;
}

struct http_clients *http_clients_free(struct http_clients *clients)
{
	if (!clients)
		return NULL;
	assert(clients->count == 0);
	pthread_cond_destroy(&clients->long_left);
	pthread_mutex_destroy(&clients->lock);
	free(clients->sockets);
	free(clients);
	return NULL;
}

void http_client_key_of(const char *address, char key[HTTP_CLIENT_KEY_SIZE])
{
	struct in6_addr six = census_prefix(address);
	char text[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_V4MAPPED(&six)) {
		inet_ntop(AF_INET, &six.s6_addr[12], text, sizeof(text));
		snprintf(key, HTTP_CLIENT_KEY_SIZE, "%s", text);
		return;
	}
	inet_ntop(AF_INET6, &six, text, sizeof(text));
	snprintf(key, HTTP_CLIENT_KEY_SIZE, "%s/64", text);
}

struct http_client *http_client_open(struct http_clients *clients)
{
	struct http_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->clients = clients;
	client->waiting_since = clock_monotonic_usec();
	pthread_mutex_lock(&clients->lock);
	client->next = clients->first;
	if (client->next)
		client->next->prev = client;
	clients->first = client;
	if (++clients->count > CENSUS_FROM)
		census_make_room(clients);
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
	pthread_cond_signal(&client->clients->long_left);
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

int http_client_begin(struct http_client *client, const char *address, unsigned port,
		      const char *forwarded)
{
	char whose[HTTP_ADDRESS_SIZE];
	struct http_clients *clients = client->clients;
	unsigned at_work = 0;

	http_proxies_client(&clients->proxies, address, forwarded, whose);
	pthread_mutex_lock(&clients->lock);
	snprintf(client->address, sizeof(client->address), "%s", address);
	http_client_key_of(whose, client->key);
	client->port = port;
	client->state = CLIENT_WORKING;
	for (const struct http_client *c = clients->first; c; c = c->next)
		if (c->state != CLIENT_NEW && c->state != CLIENT_IDLE &&
		    strcmp(c->key, client->key) == 0)
			at_work++;
	pthread_mutex_unlock(&clients->lock);
	return at_work > clients->limits.client_connections ? -EUSERS : 0;
}

void http_client_rename(struct http_client *client, const char *key)
{
	pthread_mutex_lock(&client->clients->lock);
	snprintf(client->key, sizeof(client->key), "%s", key);
	pthread_mutex_unlock(&client->clients->lock);
}

void http_client_end(struct http_client *client)
{
	pthread_mutex_lock(&client->clients->lock);
	client_release_long(client);
	client->state = CLIENT_IDLE;
	client->waiting_since = clock_monotonic_usec();
	pthread_mutex_unlock(&client->clients->lock);
}

void http_client_wait(struct http_client *client, int on)
{
	pthread_mutex_lock(&client->clients->lock);
	if (!on || client->state != CLIENT_WAITING)
		client->waiting_since = clock_monotonic_usec();
	client->state = on ? CLIENT_WAITING : CLIENT_WORKING;
	pthread_mutex_unlock(&client->clients->lock);
}

/* Under the lock: waits until one that idles in such a place has left it. Returns 0 or -EBUSY. */
static int long_place_wait(struct http_clients *clients)
{
	const uint64_t workers = clients->limits.connections;
	const uint64_t most = workers - 3 * workers / HTTP_SHORT_SHARE;
	struct timespec until;

	if (clients->long_count < most)
		return 0;
	census_make_long_room(clients);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LONG_WAIT_SEC;
	while (clients->long_count >= most)
		if (pthread_cond_clockwait(&clients->long_left, &clients->lock, CLOCK_MONOTONIC,
					   &until) != 0)
			return -EBUSY;
	return 0;
}

int http_client_begin_long(struct http_client *client)
{
	struct http_clients *clients = client->clients;
	int r = 0;

	pthread_mutex_lock(&clients->lock);
	if (!client->is_long)
		r = long_place_wait(clients);
	if (r == 0 && !client->is_long) {
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
	return census_find(client->address, client->port);
}

void http_client_linger(struct http_client *client, const char *address, unsigned port)
{
	uint64_t end_usec = clock_monotonic_usec() + LINGER_USEC;
	int fd = census_find(address, port);
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char piece[4096];
	size_t taken = 0;
	ssize_t n = 1;

	if (fd < 0)
		return;
	http_client_wait(client, 1);
	shutdown(fd, SHUT_WR);
	while (n > 0 && taken < LINGER_BYTES) {
		uint64_t now = clock_monotonic_usec();
		if (now >= end_usec || poll(&poll_fd, 1, (int)((end_usec - now) / 1000) + 1) <= 0)
			break;
		n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
		taken += n > 0 ? (size_t)n : 0;
	}
	/* civetweb would go on waiting for the rest of a body, as long as a request may take. */
	shutdown(fd, SHUT_RDWR);
	http_client_wait(client, 0);
}

/*
 * civetweb reads as much as it has room for: what it has left on the line of a head without an end
 * is what it had no room for. And it waits for the rest of a head as long as it may, from its first
 * byte.
 */
enum http_fault http_client_fault(const struct http_client *client, const char *address,
				  unsigned port)
{
	const struct http_limits *limits = &client->clients->limits;
	uint64_t waited = clock_monotonic_usec() - client->waiting_since;
	int fd = census_find(address, port);
	char byte;

	if (fd >= 0 && census_received(fd) >= limits->head_bytes &&
	    recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
		return HTTP_FAULT_LONG;
	return waited >= limits->request_usec && fd >= 0 && !http_client_is_gone(fd)
		       ? HTTP_FAULT_LATE
		       : HTTP_FAULT_OTHER;
}

int http_client_is_gone(int socket_fd)
{
	struct pollfd poll_fd = {.fd = socket_fd, .events = POLLRDHUP};

	return poll(&poll_fd, 1, 0) > 0;
}

void http_clients_shutdown(struct http_clients *clients)
{
	pthread_mutex_lock(&clients->lock);
	census_end_all(clients);
	pthread_mutex_unlock(&clients->lock);
}
