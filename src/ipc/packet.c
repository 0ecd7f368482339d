#include "ipc/packet.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/fd.h"

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * PACKET_FDS_MAX)];
};

int packet_send(int socket_fd, const void *data, size_t len, const int *fds, unsigned count)
{
	union control control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	assert(count <= PACKET_FDS_MAX);
	if (count > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(head), fds, sizeof(int) * count);
	}
	do
		n = sendmsg(socket_fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Collects every fd the kernel handed over, from however many control messages. */
static unsigned fds_collect(struct msghdr *msg, int fds[PACKET_FDS_MAX])
{
	unsigned count = 0;

	for (struct cmsghdr *head = CMSG_FIRSTHDR(msg); head; head = CMSG_NXTHDR(msg, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
			assert(count < PACKET_FDS_MAX);
			fds[count++] = fd;
		}
	}
	return count;
}

ssize_t packet_receive(int socket_fd, void *data, size_t room, int ret_fds[PACKET_FDS_MAX],
		       unsigned *ret_count)
{
	union control control;
	struct iovec iov = {.iov_base = data, .iov_len = room};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n;

	do
		n = recvmsg(socket_fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	unsigned count = fds_collect(&msg, ret_fds);
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		while (count > 0)
			fd_close(ret_fds[--count]);
		return -EBADMSG;
	}
	*ret_count = count;
	return n;
}
