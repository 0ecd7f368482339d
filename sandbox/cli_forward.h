/*
 * Bytes on their way between the ends of `sandlot cell` and the cell: read from one fd, written to
 * another, counted, cut at a limit. Never waits for a slow reader while the clock of the cell runs.
 */
#ifndef SANDBOX_CLI_FORWARD_H
#define SANDBOX_CLI_FORWARD_H

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

enum { FORWARD_ROOM = 64 << 10 };

struct forward {
	struct loop *loop;
	struct loop_source from, to; /* from.fd and to.fd; -EBADF once ended */
	int owns_to;		     /* 1: to.fd is closed at the end (the cell's stdin) */
	int to_is_polled;	     /* 0: a regular file, which is always ready */
	uint64_t left;		     /* bytes that may still pass */
	int truncated;		     /* more came than could pass */
	int broken;		     /* nobody reads any more */
	size_t start, end;	     /* of what waits in the buffer */
	char *buffer;		     /* FORWARD_ROOM bytes, borrowed */
};

/* Empties one that is all zeros: nothing to forward. buffer: FORWARD_ROOM bytes, borrowed. */
void forward_init(struct forward *forward, struct loop *loop, char *buffer);

/*
 * Begins to forward. take_from_fd: taken; something epoll can watch (no regular file). to_fd:
 * borrowed, or taken with owns_to. Returns 0 or a negative errno; the fds are taken either way.
 */
int forward_start(struct forward *forward, int take_from_fd, int to_fd, int owns_to, uint64_t most);

/* 1 when all has been passed on, or nothing more can be. */
int forward_is_done(const struct forward *forward);

void forward_fini(struct forward *forward);

#endif
