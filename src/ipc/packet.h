/*
 * Packets with file descriptors over SOCK_SEQPACKET sockets: the system calls alone. What a packet
 * may say is its receiver's to judge. Source: unix(7), cmsg(3).
 */
#ifndef IPC_PACKET_H
#define IPC_PACKET_H

#include <stddef.h>
#include <sys/types.h>

enum { PACKET_FDS_MAX = 8 }; /* even: CMSG_SPACE rounds up, and one more would fit unasked */

/*
 * Sends a packet with count fds (borrowed; PACKET_FDS_MAX at most). Waits while the socket is full
 * unless it is non-blocking. Returns 0 or a negative errno: -EPIPE when the peer is gone, -EAGAIN.
 */
int packet_send(int socket_fd, const void *data, size_t len, const int *fds, unsigned count);

/*
 * Receives a packet of at most room bytes. ret_fds: *ret_count new ones, the caller's. Returns the
 * packet's length; 0 without fds when the peer has closed; -EAGAIN when there is none yet
 * (non-blocking), -EBADMSG when it was cut (its fds are closed), or another negative errno.
 */
ssize_t packet_receive(int socket_fd, void *data, size_t room, int ret_fds[PACKET_FDS_MAX],
		       unsigned *ret_count);

#endif
