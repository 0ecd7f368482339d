#include "base/loop.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

/*
 * One event a round: a callback may then remove and free any source, its own or another's, and no
 * stale event can be delivered. epoll rotates its ready list, so no source starves another.
 */

int loop_init(struct loop *loop)
{
	*loop = (struct loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	return loop->epoll_fd < 0 ? -errno : 0;
}

void loop_fini(struct loop *loop)
{
	loop->epoll_fd = fd_close(loop->epoll_fd);
}

static int loop_control(struct loop *loop, int op, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};
	return epoll_ctl(loop->epoll_fd, op, source->fd, &event) < 0 ? -errno : 0;
}

int loop_add(struct loop *loop, struct loop_source *source, uint32_t epoll_events)
{
	return loop_control(loop, EPOLL_CTL_ADD, source, epoll_events);
}

int loop_modify(struct loop *loop, struct loop_source *source, uint32_t epoll_events)
{
	return loop_control(loop, EPOLL_CTL_MOD, source, epoll_events);
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
	if (source->fd >= 0)
		loop_control(loop, EPOLL_CTL_DEL, source, 0);
}

int loop_once(struct loop *loop, uint64_t deadline_usec)
{
	struct epoll_event event;
	int timeout_msec = LOOP_NEVER;

	if (deadline_usec) {
		uint64_t now = clock_monotonic_usec();
		uint64_t wait = deadline_usec > now ? deadline_usec - now : 0;
		uint64_t msec = (wait + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
		timeout_msec = msec > 3600000 ? 3600000 : (int)msec;
	}
	int n = epoll_wait(loop->epoll_fd, &event, 1, timeout_msec);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 1) {
		struct loop_source *source = event.data.ptr;
		source->callback(source, event.events);
	}
	return 0;
}
