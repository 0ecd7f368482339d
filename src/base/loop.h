/*
 * A single-threaded epoll loop with deadlines. Runs in the supervisor, in `sandlot cell` and in the
 * front end's pump thread. Sources are embedded in their owners: the loop allocates nothing.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdint.h>

enum { LOOP_NEVER = -1 };

struct loop_source;
typedef void loop_callback(struct loop_source *source, uint32_t epoll_events);

struct loop_source {
	int fd;			 /* borrowed: the owner closes it after loop_remove() */
	loop_callback *callback; /* may remove and free its own source */
	void *owner;
};

struct loop {
	int epoll_fd;
};

int loop_init(struct loop *loop);
void loop_fini(struct loop *loop);

/* Watches source->fd for epoll_events (level-triggered). Returns 0 or a negative errno. */
int loop_add(struct loop *loop, struct loop_source *source, uint32_t epoll_events);
int loop_modify(struct loop *loop, struct loop_source *source, uint32_t epoll_events);

/*
 * Stops watching; harmless when it is not watched. To be called from the loop's thread. The source
 * may be freed at once: each round delivers one event, so none is left over.
 */
void loop_remove(struct loop *loop, struct loop_source *source);

/* Waits once, at most until deadline_usec (CLOCK_MONOTONIC; 0: no deadline), and calls back.
 * Returns 0 or a negative errno (EINTR is not an error). */
int loop_once(struct loop *loop, uint64_t deadline_usec);

#endif
