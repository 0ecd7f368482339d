/*
 * What outlives the front end: which jobs were accepted and how each ended, in one SQLite file in
 * the data folder. Owned by the front end, which is its only user (the file is locked exclusively).
 * Source code is never stored; of each output stream the first STORE_OUTPUT_MAX bytes are.
 *
 * Invariants: a job is on record before it is acknowledged; every job on record has an end, or
 * belongs to the process that has the store open; the history is bounded in number, age and bytes.
 *
 * Every function may be called from any thread: one connection, one mutex.
 */
#ifndef FRONT_STORE_H
#define FRONT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "front/job.h"

enum {
	STORE_OUTPUT_MAX = 64 << 10, /* bytes kept of each stream of each step */
	STORE_JOBS_MAX = 10000,	     /* ended jobs kept */
};

#define STORE_BYTES_MAX (UINT64_C(128) << 20) /* of outputs kept in all */
#define STORE_AGE_MAX_USEC (UINT64_C(7) * 24 * 3600 * 1000000)

struct store;

/* Which job: texts are borrowed. */
struct store_job {
	const char *id;
	const char *client;
	const char *language;
	uint64_t accepted_usec; /* CLOCK_REALTIME */
};

/* One stream's output. data: borrowed when given to the store, owned when taken from it. */
struct store_output {
	char *data;
	size_t len;
};

/* How a job ended. */
struct store_end {
	struct job_result result;
	struct store_output outputs[STEP_KIND_COUNT][2];
};

/*
 * Opens or makes the file folder/sandlot.db. A file that is damaged, or that a later version wrote,
 * is set aside (same name with ".damaged" or ".later" after it) and ret_set_aside tells with 1 or
 * 2, else 0. Every job without an end gets one: internal_error, with a sentence that tells to run
 * it again; their number goes to ret_recovered. Returns 0; -EBUSY when another server uses the
 * folder; -EIO.
 */
int store_open(const char *folder, struct store **ret_store, int *ret_set_aside,
	       unsigned *ret_recovered, struct error *err);

/* NULL-safe, returns NULL. */
struct store *store_close(struct store *store);

/* Puts a job on record as accepted. Returns 0, or -EIO with a text for people (disk full, …). */
int store_accept(struct store *store, const struct store_job *job, struct error *err);

/* Takes back an accept: the job was refused after all. Returns 0 or -EIO. */
int store_forget(struct store *store, const char *id, struct error *err);

/* Records the end of a job; also of one whose accept was lost. Returns 0 or -EIO. */
int store_end(struct store *store, const struct store_job *job, const struct store_end *end,
	      struct error *err);

/* Finds a job that has ended. ret_end: outputs new (store_end_fini). Returns 1, 0 when none, -EIO.
 */
int store_find(struct store *store, const char *id, struct store_end *ret_end, struct error *err);
void store_end_fini(struct store_end *end);

/* Deletes what is beyond the bounds. now_usec: CLOCK_REALTIME. Returns 0 or -EIO. */
int store_prune(struct store *store, uint64_t now_usec, unsigned jobs_max, uint64_t bytes_max,
		struct error *err);

#endif
