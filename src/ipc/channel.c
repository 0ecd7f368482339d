#include "ipc/channel.h"

#include <errno.h>

#include "base/fd.h"
#include "ipc/packet.h"

/* One fd more than any message carries is still seen, not cut. */
_Static_assert((int)IPC_FDS_MAX < (int)PACKET_FDS_MAX, "too many fds");

int channel_send(int socket_fd, const struct ipc_message *message, const int *fds)
{
	unsigned char packet[IPC_PACKET_MAX];
	size_t len = ipc_encode(message, packet);

	return packet_send(socket_fd, packet, len, fds, ipc_type_fds(message->type));
}

int channel_receive(int socket_fd, enum ipc_sender sender, enum ipc_state state,
		    struct ipc_message *ret_message, int *ret_fds, struct error *err)
{
	unsigned char packet[IPC_PACKET_MAX];
	int fds[PACKET_FDS_MAX], r;
	unsigned count;

	ssize_t n = packet_receive(socket_fd, packet, sizeof(packet), fds, &count);
	if (n == -EAGAIN)
		return -EAGAIN;
	if (n == -EBADMSG)
		return error_set_plain(err, -EBADMSG, "ipc", "a packet was cut on receipt");
	if (n < 0)
		return error_set(err, (int)n, "ipc", "cannot receive");
	if (n == 0 && count == 0)
		return 0;
	r = ipc_decode(packet, (size_t)n, count, sender, state, ret_message, err);
	if (r < 0) {
		for (unsigned i = 0; i < count; i++)
			fd_close(fds[i]);
		return r;
	}
	for (unsigned i = 0; i < IPC_FDS_MAX; i++)
		ret_fds[i] = i < count ? fds[i] : -EBADF;
	return 1;
}
