/*
 * A job's inside, shared by job.c (state, stdin, references), job_log.c (events), job_reader.c (who
 * follows them), service.c and service_steps.c. Functions here called …_locked want the service's
 * lock held.
 */
#ifndef FRONT_JOB_INTERNAL_H
#define FRONT_JOB_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "front/carry.h"
#include "front/compile_entry.h"
#include "front/job.h"
#include "front/manifest.h"
#include "front/product.h"
#include "front/queue.h"
#include "front/store.h"

enum {
	JOB_LOG_SOFT = 4096,   /* entries after which output is gathered before it is logged */
	JOB_LOG_GATHER = 4096, /* … in chunks of this many bytes, or until job_log_flush_locked() */
	JOB_LOG_RESERVE = 16,		 /* entries kept free for states, steps and the result */
	JOB_EVENT_OUTPUT_MAX = 16 << 10, /* bytes of one OUTPUT event: a reader holds one */
	JOB_NAME_MAX = 128, /* bytes kept of a client's or a language's name, with the NUL */
};

/* A cursor counts an entry's output in 32 bits. */
#define JOB_CURSOR_OFFSET_MAX UINT32_MAX

/* What a step printed on one stream. */
struct job_output_buffer {
	char *data;
	size_t used, room;
	size_t logged; /* how much of it the log covers */
	int truncated;
};

/* One event of the log. Output lies in the stream's buffer. */
struct job_entry {
	uint8_t type;  /* enum job_event_type */
	uint8_t state; /* STATE: enum job_state */
	uint8_t kind;  /* OUTPUT, STEP: enum step_kind */
	uint8_t stream;
	uint32_t position;
	size_t offset, len; /* DIAGNOSTIC: its number */
};

struct job_stdin_buffer {
	char *data; /* JOB_STDIN_BUFFER bytes at most */
	size_t used, room;
	int closed; /* no more comes; what is here is still fed */
};

TAILQ_HEAD(job_list, job);

struct job {
	/* Fixed from birth. */
	struct service *service;
	char id[JOB_ID_SIZE];
	char client[JOB_NAME_MAX], language[JOB_NAME_MAX];
	struct limits limits[STEP_KIND_COUNT];
	int interactive;
	uint64_t accepted_usec;	 /* CLOCK_REALTIME */
	uint64_t submitted_usec; /* CLOCK_MONOTONIC */

	atomic_uint refs;

	/* Guarded by the service's lock. */
	enum job_state state;
	struct queue_item item;
	struct manifest *manifest; /* it was planned with; a reference, until it has ended */
	struct job_plan plan;
	int artefact_fd;	 /* of the compile step, for the run step or the recorder */
	int collected_fd;	 /* what the program left, for the recorder */
	struct product *product; /* of an action, when it has ended well, or what was collected */
	int has_compile_key;	 /* its compile may be shared (flight.h) … */
	struct compile_key compile_key;
	struct carry_id carry_id;   /* its session's, when plan.carry_bundle_fd is one … */
	struct carry_loan loan;	    /* … and what its compile has of an earlier one */
	int flies;		    /* … is running, for all that have joined … */
	struct job_list followers;  /* … these, who wait for it … */
	struct job *leader;	    /* … or is another's */
	TAILQ_ENTRY(job) in_flight; /* the service's flights, or the leader's followers */
	struct job_stdin_buffer input;
	int kill_asked;
	uint32_t signals;	 /* bits by number: to be passed on to the program */
	int ending;		 /* its result is fixed and on its way to the record */
	int wants_attention;	 /* is in the service's attention list */
	unsigned position_shown; /* 0: none yet */
	uint64_t ended_usec;	 /* CLOCK_MONOTONIC */
	struct job_result result;
	struct job_output_buffer outputs[STEP_KIND_COUNT][2];
	struct job_output_buffer diagnosed; /* what plan.diagnostics has been fed */
	char **diagnostics;		    /* texts, in the order of their entries */
	size_t diagnostic_count;
	size_t diagnostic_bytes;
	struct job_entry *entries;
	size_t entry_count, entry_room;
	pthread_cond_t changed;
	LIST_HEAD(, job_reader) readers; /* live ones */
	int held[2]; /* the program's stdout, stderr: not read, for their sake */
	LIST_ENTRY(job) in_table;
	TAILQ_ENTRY(job) in_list; /* open, recording or kept */
	TAILQ_ENTRY(job) in_attention;

	/* The pump thread's own. */
	struct step *step; /* running in a cell; NULL: none */
};

/*
 * A new job, one reference, in no list. Checks the request's limits and stdin, and copies what it
 * needs of it. Returns 0, -EINVAL with a text, -ENOMEM, -EIO.
 */
int job_new(struct service *service, const struct job_request *request, struct job **ret_job,
	    struct error *err);

/* A job as the store remembers it, ended. end: its outputs are taken. Returns NULL on ENOMEM. */
struct job *job_new_ended(struct service *service, const char *id, struct store_end *take_end);

/* The one place that changes a job's state; logs the change, but for JOB_ENDED. */
void job_set_state_locked(struct job *job, enum job_state state);

/* Frees what an ended job does not need. */
void job_close_locked(struct job *job);

/* Bytes of output held. */
size_t job_output_bytes_locked(const struct job *job);

/* Feeds waiting stdin to a non-blocking pipe. */
enum job_feed { JOB_FEED_MORE, JOB_FEED_EMPTY, JOB_FEED_END };
enum job_feed job_feed_locked(struct job *job, int fd);

/* Nothing reads stdin any more. */
void job_stdin_broken_locked(struct job *job);

/* ---- job_log.c ---- */

int job_log_init(struct job *job);
void job_log_fini(struct job *job);
void job_log_state_locked(struct job *job, enum job_state state, unsigned position);
void job_log_step_locked(struct job *job, enum step_kind kind);
void job_log_result_locked(struct job *job);

/* Adds output up to limit bytes of the stream in all. Returns 1 when something was cut off, else 0.
 */
int job_log_output_locked(struct job *job, enum step_kind kind, int stream, const char *data,
			  size_t len, uint64_t limit);

/* Appends to a buffer, without a bound. Returns 0 or -ENOMEM. */
int job_buffer_append(struct job_output_buffer *buffer, const char *data, size_t len);

/* Adds a diagnostic, after the output that came before it; lost when memory is out. */
void job_log_diagnostic_locked(struct job *job, const char *json, size_t len);

/* Logs output that was gathered. */
void job_log_flush_locked(struct job *job);

/* ---- job_reader.c ---- */

/* Must the program's stdout (1) or stderr (2) wait for a live reader? Then it is on hold, and the
 * job gets the pump's attention when it is so no more. */
int job_hold_locked(struct job *job, int stream);

#endif
