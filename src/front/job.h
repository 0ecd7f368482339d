/*
 * Jobs as the HTTP side sees them: ask for one, follow its events, feed it, end it. Runs in the
 * front end. The HTTP threads call everything here; the pump thread (pump.h) drives the jobs. All
 * of it is safe to call from any thread.
 *
 * A job has one or two steps (compile, run; or the one of an action). Its events are appended to a
 * bounded log in memory that any number of readers follow, each with a cursor of its own, from the
 * start if they like; so a client that comes late or reconnects misses nothing. A live reader slows
 * the program down to his own pace; without one it runs at full speed. A job lives until its last
 * reference is gone; the service keeps ended ones for a while, so that results can be fetched.
 */
#ifndef FRONT_JOB_H
#define FRONT_JOB_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "ipc/protocol.h"

struct service; /* service.h: queue, toolchains, store and pump of this front end */
struct job;	/* reference-counted; opaque */
struct product; /* product.h */

enum {
	JOB_ID_SIZE = 33,	    /* 32 lower-case hex digits (128 random bits) and NUL */
	JOB_SOURCE_MAX = 256 << 10, /* bytes of all files of a request together */
	JOB_FILES_MAX = 64,
	JOB_OPTIONS_MAX = 16,
	JOB_ARGS_MAX = 64,
	JOB_STDIN_BUFFER = 1 << 20, /* bytes of stdin waiting to be read by the program */
	JOB_WINDOW = 256 << 10,	    /* bytes of a stream that may wait for a live reader */
};

struct job_file {
	const char *name; /* path below /playground, or NULL: the language's main file */
	const char *content;
	size_t len;
};

struct job_option {
	const char *name;  /* as in the image's manifest, e.g. "channel", "mode" */
	const char *value; /* text; booleans are "true" and "false" */
};

/* What is asked for. Everything is borrowed for the length of job_submit(). */
struct job_request {
	const char *client;   /* whom to be fair to: the peer's address or key */
	const char *language; /* id in the manifest */
	const char *session;  /* carry.h; NULL: nothing is carried from one compile to the next */
	const char *action;   /* one of the language's actions; NULL or "run": compile and run */
	const struct job_option *options;
	size_t option_count;
	const struct job_file *files; /* the first is the main file */
	size_t file_count;
	const char *const *args; /* for the program */
	size_t arg_count;
	const char *stdin_text; /* fed at start; NULL: none */
	size_t stdin_len;
	int interactive;  /* 1: stdin stays open for job_stdin(), and the interactive wall limit
			     holds */
	int compile_only; /* 1: no run step */
	int diagnostics;  /* 1: the compiler's messages as events, too, where the language can */
	int plain;	  /* 1: an action's text as the tool alone makes it, and its own words for
			     what it cannot do: no source lines are linked to assembly */
	/* 0 in a field: the default; above the ceiling: it is clamped. */
	struct limits compile_limits, run_limits;
};

enum job_state { JOB_QUEUED, JOB_COMPILING, JOB_WAITING_TO_RUN, JOB_RUNNING, JOB_ENDED };

const char *job_state_name(enum job_state state); /* "queued" "compiling" … : part of the API */

/* What one step came to. */
struct step_result {
	enum step_kind kind;
	enum outcome outcome;
	int exit_code, signal;
	uint64_t wall_usec, user_usec, system_usec, memory_peak_bytes;
	int truncated_stdout, truncated_stderr;
	uint64_t cell_usec; /* until its cell had it */
	int was_ready;	    /* … which had been made before */
	int cached;	    /* it was not done again: what it came to before was kept */
	int carried;	    /* it went on from what an earlier one of the session's had left … */
	int kept;	    /* … and has left something itself */
	int shared;	    /* it was done once for this job and others, and counts as another's */
	char detail[256];   /* a sentence; outcome_sentence() or the failure's own text */
};

struct job_result {
	/* That of the last step that was started: the compile step when it failed. */
	struct step_result last;
	struct step_result steps[STEP_KIND_COUNT]; /* by enum step_kind; valid where done[] is 1 */
	int done[STEP_KIND_COUNT];
	int is_action; /* 1: its only step, in the place of STEP_COMPILE, is an action's */
	uint64_t queued_usec, total_usec;
};

enum job_event_type {
	JOB_EVENT_STATE,      /* state and, while queued, position changed */
	JOB_EVENT_OUTPUT,     /* bytes of a step's stdout or stderr, in order of arrival */
	JOB_EVENT_DIAGNOSTIC, /* what the compiler says, as one JSON text (diagnostics.h) */
	JOB_EVENT_STEP,	      /* a step ended: step */
	JOB_EVENT_RESULT,     /* the job ended: the last event */
};

struct job_event {
	enum job_event_type type;
	enum job_state state; /* STATE */
	unsigned position;    /* STATE while queued: 1 is next */
	enum step_kind kind;  /* OUTPUT, STEP: whose */
	int stream;	      /* OUTPUT: 1 stdout, 2 stderr */
	char *data;	      /* OUTPUT: any bytes, DIAGNOSTIC: JSON; new, the reader's to free() */
	size_t len;
	struct step_result step;  /* STEP */
	struct job_result result; /* RESULT */
};

/*
 * Checks the request against the manifest, records it as accepted and queues it. Returns 0 and a
 * reference; or -EINVAL (err->text names the field, what is wrong and what is allowed), -E2BIG
 * (source too large), -EBUSY (the queue is full; ret_retry_sec then says when to come back), -EIO.
 */
int job_submit(struct service *service, const struct job_request *request, struct job **ret_job,
	       unsigned *ret_retry_sec, struct error *err);

/* A reference to a job that is running or ended not long ago; NULL when there is none. */
struct job *job_find(struct service *service, const char *id);

struct job *job_ref(struct job *job);
void job_unref(struct job *job); /* NULL-safe */

const char *job_id(const struct job *job); /* JOB_ID_SIZE bytes; borrowed */

/*
 * The next event after *cursor (start with 0), for one who gathers events and never waits for
 * anybody: the program does not wait for him. Waits up to timeout_usec. Returns 1 and an event,
 * *cursor moved; 0 when none came in time; -ENODATA when RESULT was already given. Adjacent output
 * of the same stream may come merged.
 */
int job_next_event(struct job *job, size_t *cursor, uint64_t timeout_usec,
		   struct job_event *ret_event);

/*
 * A live reader: one who passes events on to somebody who may be slow. While JOB_WINDOW bytes of a
 * stream of the program wait for the slowest live reader, no more of that stream is read from it,
 * and it blocks when it goes on printing; its limits hold meanwhile. He counts from when he has had
 * what was there when he came. Compile steps wait for nobody: their slots are few, and others may
 * share what they come to.
 */
struct job_reader {
	struct job *job; /* borrowed */
	size_t cursor;
	/* Bytes of the program's stdout and stderr; under the service's lock. */
	size_t found[2]; /* were there when he came */
	size_t taken[2]; /* are in his hands */
	size_t had[2];	 /* he has passed on */
	int is_open;
	LIST_ENTRY(job_reader) in_readers;
};

/* The job must outlive the reader. */
void job_reader_open(struct job_reader *reader, struct job *job);

/* Nobody waits for him any more. May be called again, and by another thread than the one that
 * reads, which then goes on like one who gathers. */
void job_reader_close(struct job_reader *reader);

/* As job_next_event(). To come for the next event is to have passed on the one before. */
int job_reader_next(struct job_reader *reader, uint64_t timeout_usec, struct job_event *ret_event);

/* State, queue position (0 when not queued) now; ret_result is written and 1 returned when it has
 * ended. */
int job_peek(struct job *job, enum job_state *ret_state, unsigned *ret_position,
	     struct job_result *ret_result);

/* Is its only step an action's? Fixed from birth. */
int job_is_action(const struct job *job);

/*
 * What an action made, or a program left in the folder that is collected; or NULL: when there is
 * nothing, or when the job ended so long ago that only its end is on record. To be called when the
 * job has ended; borrowed from it.
 */
const struct product *job_product(const struct job *job);

/*
 * Everything a step printed on a stream so far. ret_data: new, NUL-terminated (the NUL not
 * counted).
 */
int job_output(struct job *job, enum step_kind kind, int stream, char **ret_data, size_t *ret_len);

/*
 * More bytes for the program's stdin. Returns 0, -EPIPE when stdin is closed or the job has ended,
 * -ENOBUFS when more than JOB_STDIN_BUFFER would wait.
 */
int job_stdin(struct job *job, const void *data, size_t len);
int job_stdin_close(struct job *job);

/*
 * A signal (1…31) for the program, as a terminal would send it: to it and what it started. One that
 * comes before the program runs is for nobody, but for SIGKILL, which is job_kill().
 */
void job_signal(struct job *job, int signal);

/* Asks for the end of a job, queued or running. The result follows as an event. */
void job_kill(struct job *job);

#endif
