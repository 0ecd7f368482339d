/*
 * The steps in hand: admission, one cell each, deadlines, results. Runs in the supervisor's loop.
 *
 * A step that is started early is EARLY, in a cell whose program waits for its job, until it is
 * fed; or is ended, by the front end, when memory is short, or because nobody fed it for too long.
 *
 * A step is RUNNING from its STEP_START (an early one: its STEP_FEED) until its cell has ended,
 * then ENDED until STEP_DONE has gone out; so every STEP_START is answered exactly once, however
 * slowly the front end reads. When the front end is gone, what it asked for is killed and answered
 * to nobody.
 */
#ifndef SUPERVISOR_STEPS_H
#define SUPERVISOR_STEPS_H

#include "base/error.h"
#include "base/limits.h"
#include "base/loop.h"
#include "ipc/protocol.h"
#include "sandbox/sandbox.h"
#include "supervisor/images.h"
#include "supervisor/options.h"
#include "supervisor/pool.h"

struct step;

struct steps {
	struct loop *loop;	       /* borrowed */
	struct cell_host *host;	       /* borrowed */
	struct pool pool;	       /* cells made ready */
	struct images *images;	       /* borrowed */
	const struct options *options; /* borrowed: ceilings and slots */
	struct step *first;
	int no_artefact_fd; /* an empty sealed memfd, sent where a step hands nothing on */
	unsigned running[STEP_KIND_COUNT]; /* these hold slots */
	unsigned early;			   /* these hold early slots */
	unsigned dying;			   /* abandoned, not yet collected; these hold none */
	uint64_t next_check_usec;  /* when processor time is looked at next; 0 without steps */
	uint64_t next_memory_usec; /* when the host's memory is; 0 without early steps */
	int memory_is_short;	   /* as it was when looked at last */
	int memory_told;	   /* as this front end was told last */
};

/* Returns 0 or a negative errno. */
int steps_init(struct steps *steps, struct loop *loop, struct cell_host *host,
	       struct images *images, const struct options *options);

/* Every cell must be gone (steps_idle). */
void steps_fini(struct steps *steps);

/*
 * Starts a step. fds: the six of STEP_START, borrowed. A step that cannot start has still ended:
 * its STEP_DONE says refused. Returns 0, or -EBADMSG when the front end broke the protocol (an id
 * used twice, an image that is not its, an fd of the wrong kind), -ENOMEM.
 */
int steps_start(struct steps *steps, const struct ipc_step_start *start, const int *fds,
		struct error *err);

/*
 * Gives an early step its job. fds: the two of STEP_FEED, borrowed. Returns 0, also when it turns
 * out that it cannot be fed: then it ends as refused; or -EBADMSG when the step is not early or is
 * fed twice, or the fd is of the wrong kind.
 */
int steps_feed(struct steps *steps, const struct ipc_step_feed *feed, const int *fds,
	       struct error *err);

void steps_kill(struct steps *steps, const struct ipc_step_kill *kill);

/* Of a run step alone: what a compile step makes may be shared. */
void steps_signal(struct steps *steps, const struct ipc_step_signal *signal);

/* Kills every running step and forgets whom to answer: the front end is gone or we are ending. */
void steps_abandon(struct steps *steps);

/* Ends what is over its limits. To be called after each round of the loop. */
void steps_check(struct steps *steps);

/* When steps_check() must be called at the latest (CLOCK_MONOTONIC), 0 when nothing runs. */
uint64_t steps_deadline(const struct steps *steps);

/*
 * Sends STEP_DONE for every ended step, until the socket is full. Returns 1 when some are left
 * (wait for the socket to become writable), 0 when none are or they have to wait for the next
 * steps_check() (channel_send()'s -ETOOMANYREFS), or a negative errno when the peer is gone.
 */
int steps_flush(struct steps *steps, int channel_fd);

/* True when no cell is left. */
int steps_idle(const struct steps *steps);

#endif
