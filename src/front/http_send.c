#include "front/http_send.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"

enum { SEND_PATIENCE_USEC = 10000000 }; /* for one message, from first to last byte */

void http_send_bound(int fd)
{
	int bytes = HTTP_SEND_BUFFER;

	/* It fails on no socket; and if it did, the connection would hold more, and serve as well.
	 */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

int http_wait_ready(int fd, short events, uint64_t deadline_usec)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};

	for (;;) {
		uint64_t now = clock_monotonic_usec();
		uint64_t left = deadline_usec > now ? (deadline_usec - now + 999) / 1000 : 0;
		int n = poll(&poll_fd, 1, left > 60000 ? 60000 : (int)left);
		if (n > 0)
			return 1;
		if (n == 0 && left == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return 1; /* the next call on the socket says what is wrong */
	}
}

/* Takes what was sent off the pieces. */
static void message_advance(struct msghdr *message, size_t sent)
{
	while (message->msg_iovlen > 0 && sent >= message->msg_iov->iov_len) {
		sent -= message->msg_iov->iov_len;
		message->msg_iov++;
		message->msg_iovlen--;
	}
	if (message->msg_iovlen > 0) {
		message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + sent;
		message->msg_iov->iov_len -= sent;
	}
}

int http_send(int fd, struct iovec *pieces, size_t count)
{
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
	uint64_t deadline = clock_monotonic_usec() + SEND_PATIENCE_USEC;

	message_advance(&message, 0);
	while (message.msg_iovlen > 0) {
		ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			message_advance(&message, (size_t)n);
		else if (errno == EINTR)
			continue;
		else if (errno != EAGAIN || !http_wait_ready(fd, POLLOUT, deadline))
			return -EPIPE;
	}
	return 0;
}
