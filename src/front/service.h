/*
 * The front end's heart: owns the manifests, the store, the queue and every job of this process,
 * and the one lock that guards queue and jobs. HTTP threads come in through job.h; the pump thread
 * drives what runs (service_steps.c); a recorder thread of its own puts ends on record, so that a
 * slow disk delays neither output nor other jobs.
 *
 * Invariants: a job is on record before job_submit() returns it; it ends exactly once, on record
 * first and then by its RESULT event. The lock is never held over a disk write or a send. Lock
 * order: the service's, then nothing; the store's own lock is taken without the service's.
 */
#ifndef FRONT_SERVICE_H
#define FRONT_SERVICE_H

#include "base/error.h"
#include "base/limits.h"
#include "front/compile_store.h"
#include "front/manifest.h"
#include "front/queue.h"
#include "front/store.h"
#include "ipc/protocol.h"

struct service;

struct service_config {
	const struct ipc_welcome *welcome; /* borrowed for the call */
	unsigned queue_total_max, queue_client_max;
	uint64_t queue_wait_max_usec;
	unsigned kept_jobs_max;			  /* ended jobs kept in memory … */
	uint64_t kept_bytes_max;		  /* … their output in all … */
	uint64_t kept_usec_max;			  /* … and for how long */
	uint64_t cache_bytes_max;		  /* of compiles kept in memory; 0: none */
	uint64_t carry_bytes_max;		  /* of carried folders; 0: none */
	struct compile_store *take_compile_store; /* … and on disk; NULL: none; taken */
	char metrics_token[128];		  /* empty: nobody may see the metrics */
};

/* The defaults of everything but welcome. */
struct service_config service_config_default(const struct ipc_welcome *welcome);

/*
 * Makes a service and starts its recorder thread. manifest, store: taken, on failure too. Returns 0
 * or a negative errno.
 */
int service_new(const struct service_config *config, struct manifest *take_manifest,
		struct store *take_store, struct service **ret_service, struct error *err);

/* After service_stop(), when no other thread uses the service any more. NULL-safe, returns NULL. */
struct service *service_free(struct service *service);

/*
 * Refuses new jobs, ends every open one as internal_error with a sentence that says the server
 * stopped, puts that on record and gives their RESULT events. To be called when the pump has
 * stopped.
 */
void service_stop(struct service *service);

/* That of the image new jobs run on now: a reference, the caller's to manifest_unref(). */
struct manifest *service_manifest(struct service *service);

/* The default and most for a step of this kind. Borrowed, read-only. */
const struct limits *service_limits(struct service *service, enum step_kind kind);

/* A request on a route has been replied to. path: the route's, static. */
void service_request_took(struct service *service, const char *path, uint64_t usec);

/*
 * The metrics, as text, for who shows the right token (a header's value, or NULL). ret_text: new.
 * Returns 0, -EACCES with a text, -ENOMEM.
 */
int service_metrics(struct service *service, const char *authorization, char **ret_text,
		    size_t *ret_len, struct error *err);

/* Most wall time of an interactive run step. */
uint64_t service_interactive_wall_usec(struct service *service);

#endif
