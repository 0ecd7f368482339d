#include "sandbox/launch_send.h"

#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "sandbox/cgroup.h"

int launch_send(int channel_fd, const struct cell_work *work, const int *fds, unsigned fd_count)
{
	union {
		char bytes[CMSG_SPACE(WORK_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {.bytes = {0}};
	struct cell_work copy = *work;
	struct iovec iov = {.iov_base = &copy, .iov_len = sizeof(copy)};
	const socklen_t fds_size = (socklen_t)(fd_count * sizeof(fds[0]));
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = (socklen_t)CMSG_SPACE(fds_size)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	*header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
				   .cmsg_type = SCM_RIGHTS,
				   .cmsg_len = (socklen_t)CMSG_LEN(fds_size)};
	memcpy(CMSG_DATA(header), fds, fds_size);
	if (sendmsg(channel_fd, &message, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return -errno;
	return 0;
}

int cell_feed(struct cell *cell, const struct limits *limits, int bundle_fd, int carry_fd,
	      struct error *err)
{
	const struct cell_work feed = {
		.magic = CELL_FEED_MAGIC, .has_carry = carry_fd >= 0, .limits = *limits};
	const int fds[FEED_FDS] = {
		[FEED_BUNDLE] = bundle_fd,
		[FEED_CARRY] = carry_fd >= 0 ? carry_fd : bundle_fd,
	};

	int r = cell->cgroup ? cgroup_limit(cell->cgroup, limits, err) : 0;
	if (r < 0)
		return r;
	cell->limits = *limits;
	cell->started_usec = clock_monotonic_usec();
	r = launch_send(cell->report_fd, &feed, fds, FEED_FDS);
	return r < 0 ? error_set(err, r, "feed", "cannot send the job to the cell") : 0;
}
