/* The pump's inside: pump.c (loop, channel, leases), step.c (one running step) and step_pipes.c. */
#ifndef FRONT_PUMP_INTERNAL_H
#define FRONT_PUMP_INTERNAL_H

#include <sys/queue.h>

#include "base/loop.h"
#include "front/early.h"
#include "front/pump.h"
#include "front/service_internal.h"

enum { PUMP_READ_MAX = 64 << 10 };

struct pump {
	struct service *service;
	struct loop loop;
	struct loop_source channel, wake, signals;
	struct step_list steps; /* of jobs */
	struct early early;
	uint64_t last_step_id;
	struct ipc_message image_answer; /* to IMAGE … */
	int has_image_answer;		 /* … that is still to be sent */
	int channel_full;		 /* a message waits until the channel takes it */
	int stop;			 /* leave the loop … */
	int failed;			 /* … with this negative errno */
	struct error *err;
	char buffer[PUMP_READ_MAX];
};

/* Our end of one of a step's streams. */
struct step_pipe {
	struct loop_source source; /* .fd is owned; -EBADF when closed */
	struct step *step;
	int stream;	  /* 0 stdin, 1 stdout, 2 stderr */
	uint32_t watched; /* epoll events; 0 of an output: it is on hold */
};

/*
 * A step that was leased: sent to the supervisor, or about to be. Or one that was started ahead,
 * without a job until early_take() has found it one.
 */
struct step {
	struct pump *pump;
	struct step_list *list; /* it is in */
	struct job *job;	/* a reference; NULL: none yet */
	uint64_t id, cookie;
	enum step_kind kind;
	struct step_pipe pipes[3];
	int cell_fds[3];	   /* the cell's ends, until they are sent */
	int sent;		   /* STEP_START */
	int is_early;		   /* started ahead … */
	int early_fd;		   /* … with this bundle, until it is sent … */
	uint64_t generation;	   /* … on this image … */
	struct early_kind *early;  /* … and this is what it is; NULL once that does not matter */
	int fed;		   /* STEP_FEED */
	int kill_asked, kill_sent; /* STEP_KILL … */
	enum outcome kill_outcome; /* … with this */
	uint32_t signals;	   /* STEP_SIGNAL is still to be sent for these, bits by number */
	int over_limit;		   /* printed more than it may */
	TAILQ_ENTRY(step) in_list;
};

/* Starts the step of a leased job, or takes one over that was started ahead. job: its reference is
 * taken. On failure the job ends. */
void step_start(struct pump *pump, struct job *take_job, enum step_kind kind);

/* Starts a step ahead. Returns 0 or -ENOMEM. */
int step_start_early(struct pump *pump, struct early_kind *kind);

/*
 * Sends what is to be sent: STEP_START, STEP_FEED, STEP_SIGNAL, STEP_KILL. Returns 0, -EAGAIN when
 * the channel is full, or another negative errno when it is broken.
 */
int step_send(struct step *step);

/* Passes signals, bits by number, on to a run step's program. */
void step_signal(struct step *step, uint32_t signals);

/* Asks for the end of a step; the first outcome asked for counts. */
void step_kill(struct step *step, enum outcome outcome);

/*
 * The supervisor says how a job's step ended: drains the pipes and hands the result on; or starts
 * the step anew, when one that was started ahead turns out to have ended before it had the job. The
 * step is freed.
 */
void step_done(struct step *step, const struct ipc_step_done *done, int take_artefact_fd);

/* Closes everything and forgets the step, without a word to the job. */
void step_free(struct step *step);

/* Sends what waits to be sent; watches the channel for room when it is full. */
void pump_flush(struct pump *pump);

/* ---- step_pipes.c ---- */

/* Makes them; the cell's ends go into step->cell_fds. Returns 0 or a negative errno. */
int step_open_pipes(struct step *step);

/* From here on the loop looks after them. The step has a job. Returns 0 or a negative errno. */
int step_watch_pipes(struct step *step);

/* Feeds stdin that has come, or closes it. */
void step_feed(struct step *step);

/* Goes on reading streams that were on hold and are not any more. */
void step_resume(struct step *step);

/* Reads what is left of output, when nothing more can come. */
void step_drain_pipes(struct step *step);

void step_close_pipes(struct step *step);

#endif
