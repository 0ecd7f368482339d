/*
 * One direction is either reading (its source is watched for input) or writing (its sink is watched
 * for room). A pipe that polls writable has room for PIPE_BUF bytes at least, so writing no more
 * than that at once never blocks, without touching O_NONBLOCK of descriptors that are others' too.
 */
#include "sandbox/cli_forward.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/fd.h"

static void from_end(struct forward *forward)
{
	loop_remove(forward->loop, &forward->from);
	forward->from.fd = fd_close(forward->from.fd);
}

static void to_end(struct forward *forward)
{
	if (forward->to.fd < 0)
		return;
	loop_remove(forward->loop, &forward->to);
	if (forward->owns_to)
		close(forward->to.fd);
	forward->to.fd = -EBADF;
}

/* Writes what waits, as far as it goes without blocking. */
static void flush(struct forward *forward)
{
	while (forward->start < forward->end) {
		size_t len = forward->end - forward->start;
		if (forward->to_is_polled && len > PIPE_BUF)
			len = PIPE_BUF;
		ssize_t n = write(forward->to.fd, forward->buffer + forward->start, len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			return;
		if (n < 0) {
			forward->broken = 1;
			forward->start = forward->end = 0;
			break;
		}
		forward->start += (size_t)n;
		if (forward->to_is_polled)
			break; /* one write for each time it polls writable */
	}
}

/* Watches the one end that has something to do now. */
static void rearm(struct forward *forward)
{
	int writing = forward->start < forward->end;

	if (forward->broken)
		from_end(forward);
	if (!writing && forward->from.fd < 0) {
		to_end(forward);
		return;
	}
	/* Not watched at all while writing: a hang-up is told even to those who ask for nothing. */
	if (forward->from.fd >= 0 && writing)
		loop_remove(forward->loop, &forward->from);
	else if (forward->from.fd >= 0)
		loop_add(forward->loop, &forward->from, EPOLLIN);
	if (forward->to_is_polled)
		loop_modify(forward->loop, &forward->to, writing ? EPOLLOUT : 0);
}

static void on_writable(struct loop_source *source, uint32_t epoll_events)
{
	struct forward *forward = source->owner;

	if (epoll_events & EPOLLERR && forward->start == forward->end)
		forward->broken = 1; /* its reader is gone */
	flush(forward);
	rearm(forward);
}

static void on_readable(struct loop_source *source, uint32_t epoll_events)
{
	struct forward *forward = source->owner;

	(void)epoll_events;
	ssize_t n = read(forward->from.fd, forward->buffer, FORWARD_ROOM);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		from_end(forward);
		rearm(forward);
		return;
	}
	if ((uint64_t)n > forward->left) {
		forward->truncated = 1;
		n = (ssize_t)forward->left;
	}
	forward->left -= (uint64_t)n;
	forward->start = 0;
	forward->end = (size_t)n;
	if (!forward->to_is_polled)
		flush(forward);
	rearm(forward);
}

void forward_init(struct forward *forward, struct loop *loop, char *buffer)
{
	forward->buffer = buffer;
	forward->loop = loop;
	forward->from.fd = forward->to.fd = -EBADF;
}

int forward_start(struct forward *forward, int take_from_fd, int to_fd, int owns_to, uint64_t most)
{
	forward->from = (struct loop_source){take_from_fd, on_readable, forward};
	forward->to = (struct loop_source){to_fd, on_writable, forward};
	forward->owns_to = owns_to;
	forward->left = most;
	int r = loop_add(forward->loop, &forward->from, EPOLLIN);
	if (r < 0)
		return r;
	r = loop_add(forward->loop, &forward->to, 0);
	if (r < 0 && r != -EPERM) /* epoll_ctl(2): a file that is always ready */
		return r;
	forward->to_is_polled = r == 0;
	return 0;
}

int forward_is_done(const struct forward *forward)
{
	return forward->from.fd < 0 && forward->to.fd < 0;
}

void forward_fini(struct forward *forward)
{
	if (forward->from.fd >= 0)
		from_end(forward);
	to_end(forward);
}
