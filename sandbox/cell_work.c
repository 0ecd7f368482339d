/*
 * The job comes to the cell: at once, or long after all else was made ready. Until then nothing of
 * a visitor's has been near it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/cell.h"

/* Where each fd of the packet has its place. */
static const int places[WORK_FDS] = {
	[WORK_STDIN] = STDIN_FILENO,
	[WORK_STDOUT] = STDOUT_FILENO,
	[WORK_STDERR] = STDERR_FILENO,
	[WORK_BUNDLE] = CELL_FD_BUNDLE,
	[WORK_ARTEFACT_IN] = CELL_FD_ARTEFACT_IN,
	[WORK_CARRY] = CELL_FD_CARRY,
};

static int place_of(uint32_t fd)
{
	return fd < WORK_FDS ? places[fd] : CELL_FD_JOIN + (int)fd - WORK_FDS;
}

int cell_receive(uint32_t magic, unsigned fd_count, struct cell_work *ret_work,
		 int ret_fds[WORK_FDS_MAX])
{
	union {
		char bytes[CMSG_SPACE(WORK_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = ret_work, .iov_len = sizeof(*ret_work)};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	ssize_t n;

	do
		n = recvmsg(CELL_FD_CHANNEL, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : -EPIPE;
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (n != (ssize_t)sizeof(*ret_work) || ret_work->magic != magic || !header ||
	    message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || header->cmsg_type != SCM_RIGHTS ||
	    ret_work->join_count > CELL_JOIN_MAX)
		return -EBADMSG;
	fd_count += ret_work->join_count;
	if (header->cmsg_len != CMSG_LEN(fd_count * sizeof(int)))
		return -EBADMSG;
	memcpy(ret_fds, CMSG_DATA(header), fd_count * sizeof(int));
	return (int)fd_count;
}

int cell_take_work(struct cell_context *context)
{
	int fds[WORK_FDS_MAX];

	int count = cell_receive(CELL_WORK_MAGIC, WORK_FDS, &context->work, fds);
	if (count < 0)
		return cell_failed(context, -count, "no job came from the launcher");
	for (int i = 0; i < count; i++) {
		int place = place_of((uint32_t)i);
		if (dup3(fds[i], place, place > STDERR_FILENO ? O_CLOEXEC : 0) < 0)
			return cell_failed(context, errno, "cannot take the job's descriptors");
		close(fds[i]);
	}
	if (context->work.limits.files_bytes == context->spec.files_bytes &&
	    context->work.limits.file_count == context->spec.file_count)
		return 0;
	int r = cell_size_files(&context->work.limits);
	return r < 0 ? cell_failed(context, -r, "cannot size the tmpfs") : 0;
}
