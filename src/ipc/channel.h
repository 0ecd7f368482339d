/*
 * Sends and receives packets of the protocol over a SOCK_SEQPACKET socket: system calls only, all
 * judgement is in protocol.h.
 */
#ifndef IPC_CHANNEL_H
#define IPC_CHANNEL_H

#include "ipc/protocol.h"

/*
 * Sends message with its fds (borrowed; as many as its type carries). Waits while the socket is
 * full unless it is non-blocking. Returns 0 or a negative errno: -EPIPE when the peer is gone;
 * -EAGAIN; -ETOOMANYREFS when our user has too many fds on their way through sockets (unix(7)),
 * which the peer has no part in and no poll tells the end of: try again later.
 */
int channel_send(int socket_fd, const struct ipc_message *message, const int *fds);

/*
 * Receives one packet from the other side (sender) in state. ret_fds: IPC_FDS_MAX slots, those the
 * message's type carries are new and the caller's, the rest -EBADF. Returns 1 for a message, 0 when
 * the peer has closed, -EAGAIN when there is none yet (non-blocking), -EBADMSG for a packet that is
 * refused (all its fds are closed), or another negative errno. Source: unix(7), cmsg(3).
 */
int channel_receive(int socket_fd, enum ipc_sender sender, enum ipc_state state,
		    struct ipc_message *ret_message, int *ret_fds, struct error *err);

#endif
