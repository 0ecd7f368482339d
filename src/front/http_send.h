/*
 * Sending to a client that may be slow: within bounds on the time it may take, and on what the
 * kernel holds for it meanwhile. Runs in the front end, on the connection's threads.
 */
#ifndef FRONT_HTTP_SEND_H
#define FRONT_HTTP_SEND_H

#include <stdint.h>
#include <sys/uio.h>

/*
 * What the kernel may hold of what was sent and not yet taken; it doubles the number for its own
 * needs (socket(7), SO_SNDBUF). Left alone it goes up to megabytes.
 */
enum { HTTP_SEND_BUFFER = 32 << 10 };

/* Sets that bound on a connection that output will be streamed to. */
void http_send_bound(int fd);

/* Waits until the socket is ready for events of poll(2), or the deadline (CLOCK_MONOTONIC). Returns
 * 1 or 0. */
int http_wait_ready(int fd, short events, uint64_t deadline_usec);

/*
 * Sends all pieces, of which count are given; they are used up. A peer that has not taken them all
 * within some seconds counts as gone. Returns 0 or -EPIPE.
 */
int http_send(int fd, struct iovec *pieces, size_t count);

#endif
