/*
 * What /metrics tells: counts and histograms since the start, in Prometheus' text format. Kept in
 * the service, under its lock; written where a job or a request ends.
 */
#ifndef FRONT_METRICS_H
#define FRONT_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "front/job.h"

enum { METRICS_BUCKETS = 14, METRICS_ENDPOINTS_MAX = 32 };

/* Cumulative only when written out: buckets[i] counts what fell between two bounds. */
struct metrics_histogram {
	uint64_t buckets[METRICS_BUCKETS + 1]; /* the last: above all bounds */
	uint64_t sum_usec;
};

enum metrics_stage {
	METRICS_QUEUE,	 /* waiting for slots */
	METRICS_CELL,	 /* from the supervisor having a step to the cell having its job */
	METRICS_COMPILE, /* by the wall clock, those that were not saved */
	METRICS_RUN,
	METRICS_TOTAL, /* from the request to the result */
	METRICS_STAGES
};

struct metrics {
	struct metrics_histogram stages[METRICS_STAGES];
	struct metrics_histogram job_cpu; /* processor time of a job's cells together */
	uint64_t outcomes[OUTCOME_COUNT];
	uint64_t cells_ready, cells_made;
	uint64_t compiles, compiles_cached, compiles_shared;
	uint64_t cpu_usec[STEP_KIND_COUNT];
	uint64_t output_bytes; /* read from steps */
	struct {
		const char *path; /* of the route; static */
		struct metrics_histogram took;
	} endpoints[METRICS_ENDPOINTS_MAX];
};

/* What is so at the moment it is asked. */
struct metrics_now {
	unsigned waiting, running[STEP_KIND_COUNT];
	unsigned cache_entries;
	uint64_t cache_bytes;
	unsigned carried_states;
	uint64_t carried_bytes, carried_given, carried_kept, carried_dropped;
	int memory_is_short;
	unsigned outputs_held; /* streams of programs that wait for a live reader */
};

/* A job has ended. */
void metrics_job(struct metrics *metrics, const struct job_result *result);

/* A request on a route has been replied to. path: the route's, static. */
void metrics_request(struct metrics *metrics, const char *path, uint64_t usec);

/* ret_text: new. Returns 0 or -ENOMEM. Pure. */
int metrics_write(const struct metrics *metrics, const struct metrics_now *now, char **ret_text,
		  size_t *ret_len);

#endif
