/* Where the server listens: an address civetweb takes, why it cannot be had, and how to end it. */
#include <arpa/inet.h>
#include <civetweb.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "front/http_internal.h"

enum { LISTENER_FD_MAX = 1024 }; /* it is opened at start, so its number is low */

/*
 * civetweb says of a failed bind only that it failed: this says why. Returns 0 when it could be
 * bound a moment ago, else a negative errno.
 */
static int listen_probe(const char *address, unsigned port, struct error *err)
{
	struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int on = 1, r = 0;
	_cleanup_fd_ int fd = -EBADF;

	if (inet_pton(AF_INET, address, &where.sin_addr) != 1)
		return error_set_plain(err, -EINVAL, "listen",
				       "%s is not a numeric IPv4 or IPv6 address", address);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, -errno, "listen", "cannot make a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&where, sizeof(where)) < 0)
		r = error_set(err, -errno, "listen", "cannot listen on %s:%u", address, port);
	return r;
}

int http_listen_spec(const char *address, unsigned port, char *spec, size_t size, struct error *err)
{
	struct in6_addr six;

	if (inet_pton(AF_INET6, address, &six) != 1) {
		snprintf(spec, size, "%s:%u", address, port);
		return listen_probe(address, port, err);
	}
	if (!mg_check_feature(MG_FEATURES_IPV6))
		return error_set_plain(
			err, -EAFNOSUPPORT, "listen",
			"cannot listen on [%s]: this civetweb library is built without "
			"IPv6; listen on an IPv4 address",
			address);
	snprintf(spec, size, "[%s]:%u", address, port);
	return 0;
}

/*
 * Wakes civetweb's accepting thread, which looks at its stop flag every two seconds only: a
 * listening socket that is shut down makes its poll(2) return.
 */
void http_listen_end(void)
{
	int listening = 0;
	socklen_t len;

	for (int fd = 3; fd < LISTENER_FD_MAX; fd++) {
		len = sizeof(listening);
		struct sockaddr_storage name;
		socklen_t name_len = sizeof(name);
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening &&
		    getsockname(fd, (struct sockaddr *)&name, &name_len) == 0 &&
		    (name.ss_family == AF_INET || name.ss_family == AF_INET6))
			shutdown(fd, SHUT_RDWR);
	}
}
