#include "ipc/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/fd.h"

/* Room for one fd more than any message carries, so that one too many is seen, not cut. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * (IPC_FDS_MAX + 1))];
};

int channel_send(int socket_fd, const struct ipc_message *message, const int *fds)
{
	unsigned char packet[IPC_PACKET_MAX];
	union control control = {0};
	struct iovec iov = {.iov_base = packet, .iov_len = ipc_encode(message, packet)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	unsigned count = ipc_type_fds(message->type);
	ssize_t n;

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

static void fds_close(const int *fds, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		fd_close(fds[i]);
}

/* Collects every fd the kernel handed over, from however many control messages. */
static unsigned fds_collect(struct msghdr *msg, int *fds, unsigned room)
{
	unsigned count = 0;

	for (struct cmsghdr *head = CMSG_FIRSTHDR(msg); head; head = CMSG_NXTHDR(msg, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
			if (count < room)
				fds[count++] = fd;
			else
				fd_close(fd);
		}
	}
	return count;
}

int channel_receive(int socket_fd, enum ipc_sender sender, enum ipc_state state,
		    struct ipc_message *ret_message, int *ret_fds, struct error *err)
{
	unsigned char packet[IPC_PACKET_MAX];
	union control control;
	int fds[2 * (IPC_FDS_MAX + 1)];
	struct iovec iov = {.iov_base = packet, .iov_len = sizeof(packet)};
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
		return errno == EAGAIN ? -EAGAIN : error_set(err, -errno, "ipc", "cannot receive");

	unsigned count = fds_collect(&msg, fds, sizeof(fds) / sizeof(fds[0]));
	int r;
	if (n == 0 && count == 0 && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 0;
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		r = error_set_plain(err, -EBADMSG, "ipc", "a packet was cut on receipt");
	else
		r = ipc_decode(packet, (size_t)n, count, sender, state, ret_message, err);
	if (r < 0) {
		fds_close(fds, count);
		return r;
	}
	for (unsigned i = 0; i < IPC_FDS_MAX; i++)
		ret_fds[i] = i < count ? fds[i] : -EBADF;
	return 1;
}
