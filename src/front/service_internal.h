/*
 * The service's inside: service.c (jobs in, jobs kept), service_steps.c (what the pump does with
 * them), recorder.c (ends onto the record), and the pump.
 */
#ifndef FRONT_SERVICE_INTERNAL_H
#define FRONT_SERVICE_INTERNAL_H

#include <pthread.h>

#include "front/compile_cache.h"
#include "front/compile_store.h"
#include "front/job_internal.h"
#include "front/metrics.h"
#include "front/service.h"

enum {
	SERVICE_TABLE_SIZE = 4096,
	SERVICE_RETIRED_MAX = 64, /* more than the supervisor keeps mounted */
};

/* A lease before its step's own limits are known to hold: renewed when the step has been sent. */
#define SERVICE_LEASE_USEC UINT64_C(30000000)
/* How much longer than its wall time a step may take to be reported as ended. */
#define SERVICE_GRACE_USEC UINT64_C(30000000)

LIST_HEAD(job_chain, job);

struct service {
	/* Fixed from birth. */
	struct service_config config; /* .welcome is not valid any more */
	struct store *store;
	struct compile_store *compile_store; /* NULL: none */
	struct limits limits[STEP_KIND_COUNT];
	uint64_t interactive_wall_usec;
	unsigned early_slots; /* early.h */
	int wake_fd;	      /* eventfd: the pump has something to look at */
	pthread_t recorder;

	pthread_mutex_t lock; /* guards everything below, and the jobs */
	pthread_cond_t record_changed;
	struct manifest *manifest;		       /* new jobs are planned with it */
	struct manifest *retired[SERVICE_RETIRED_MAX]; /* before it; jobs may still have them */
	unsigned retired_count;
	struct queue queue;
	struct job_chain table[SERVICE_TABLE_SIZE]; /* open and kept; holds a reference each */
	struct job_list open;			    /* accepted, result not yet fixed */
	struct job_list recording;		    /* result fixed, not yet on record */
	struct job_list kept;			    /* ended, the oldest first */
	struct job_list attention;		    /* for the pump; holds a reference each */
	struct job_list flights;		    /* jobs whose compile others may join */
	struct compile_cache cache;
	struct carry carry;
	struct metrics metrics;
	unsigned kept_jobs;
	uint64_t kept_bytes;
	int memory_is_short;   /* the host's */
	int stopping;	       /* no new jobs */
	int recorder_stopping; /* the recorder ends when nothing is left to record */
};

static inline pthread_mutex_t *service_mutex(struct service *service)
{
	return &service->lock;
}

static inline void service_lock(struct service *service)
{
	pthread_mutex_lock(&service->lock);
}

static inline void service_unlock(struct service *service)
{
	pthread_mutex_unlock(&service->lock);
}

/* Makes the pump look. Any thread. */
void service_wake(struct service *service);

/* Puts a job on the list of those the pump must look at (stdin, kill), and wakes it. */
void service_attention_locked(struct service *service, struct job *job);

/* Removes from the kept jobs what is beyond the bounds. */
void service_prune_kept_locked(struct service *service, uint64_t now_usec);

/* ---- recorder.c ---- */

void *recorder_main(void *service);

/* ---- service_steps.c: for the pump thread; they take the lock themselves ---- */

/* The next job whose step of this kind may start, with a reference; its state is changed. Or NULL.
 */
struct job *service_lease(struct service *service, enum step_kind kind);

/* The host's memory is short: runs are leased one at a time until it is not. */
void service_memory(struct service *service, int is_short);

/* The step was sent: its lease, unless it is stale, now lasts as long as the step may take. */
void service_step_sent(struct service *service, struct job *job, uint64_t cookie,
		       enum step_kind kind);

/*
 * A job whose place in the queue is reserved has its compile's result: it waits to run, or ends.
 * With the lock held. artefact: taken.
 */
void service_compiled_locked(struct service *service, struct job *job,
			     const struct step_result *result, int take_artefact_fd);

/* What is to be done with a stream of which something was read. */
enum output_way {
	OUTPUT_GO_ON,
	OUTPUT_HOLD,  /* no more is read until service_may_read(): a live reader is behind */
	OUTPUT_CUT,   /* it is over the limit: no more is read, and the step is ended */
	OUTPUT_STALE, /* the step was given up: no more is read */
};

/* What a step printed. */
enum output_way service_output(struct service *service, struct job *job, uint64_t cookie,
			       enum step_kind kind, int stream, const char *data, size_t len);

/* Is a stream that was to wait for a live reader on hold no more? */
int service_may_read(struct service *service, struct job *job, int stream);

/* Logs output that was gathered. */
void service_flush(struct service *service, struct job *job);

/*
 * A step has ended: its result is logged; the job goes on to its run step or ends. step: borrowed;
 * artefact: taken. Under a stale cookie nothing happens.
 */
void service_step_done(struct service *service, struct job *job, uint64_t cookie,
		       const struct step_result *step, int take_artefact_fd);

/*
 * Ends a job that waits, or whose step was given up, at once. A step that was running counts as
 * ended with this outcome. Harmless on a job whose result is fixed.
 */
void service_end_early(struct service *service, struct job *job, enum outcome outcome,
		       const char *detail);

/* The next job that wants the pump's attention, with a reference, or NULL. */
struct job *service_next_attention(struct service *service);

/* Ends jobs that waited too long. Returns a job whose lease has expired, with a reference, or NULL.
 */
struct job *service_next_expired(struct service *service);

/*
 * Plans new jobs with this manifest from now on; the one before is retired. Returns 0 or -EBUSY
 * when too many are.
 */
int service_use_manifest(struct service *service, struct manifest *take_manifest,
			 struct error *err);

/* The generation of a retired manifest that no job and no reader holds any more, or 0. */
uint64_t service_unused_generation(struct service *service);

/* Forgets that manifest. */
void service_forget_generation(struct service *service, uint64_t generation);

/* Is there a slot for a compile that none waits for? */
int service_compile_is_free(struct service *service);

/* True while the pump should wake by itself from time to time. */
int service_is_busy(struct service *service);

#endif
