/*
 * Compilers started ahead of the jobs they are for: steps in cells of their own, whose program
 * waits for the rest of its command line. Owned by the pump's thread. A job whose plan begins as
 * such a step does takes it over, pipes and all; the next one is started a little later. How many
 * there are follows what was wanted lately, bounded by the slots the supervisor grants.
 */
#ifndef FRONT_EARLY_H
#define FRONT_EARLY_H

#include <sys/queue.h>

#include "base/demand.h"
#include "front/job.h"
#include "front/manifest.h"

struct pump;
struct step;

enum { EARLY_KINDS_MAX = 8 };

/* What is started ahead: a command line and environment, as the bytes of an early bundle. */
struct early_kind {
	void *bytes; /* owned; NULL: this place is free */
	size_t len;
	int bundle_fd; /* the same, sealed */
	struct demand demand;
};

TAILQ_HEAD(step_list, step);

struct early {
	uint64_t generation; /* of the image they are on */
	struct early_kind kinds[EARLY_KINDS_MAX];
	struct step_list steps; /* started, without a job; those that end are still here */
	uint64_t tick_usec;	/* when early_tick() has something to do; 0: never */
	uint64_t hold_usec;	/* none is started before: one was refused, or died */
};

/* Zero-initialise. Starts with what each language compiles by default. manifest: borrowed. */
void early_init(struct pump *pump, struct manifest *manifest);

/* New jobs are planned with this manifest from now on: ends what is on another image. */
void early_use_manifest(struct pump *pump, struct manifest *manifest);

/* Forgets everything; the steps are ended by the end of the channel. */
void early_fini(struct pump *pump);

/*
 * A compile step is to start: notes what it wants, and takes a step that was started ahead for
 * that, if there is one. Returns it, with neither job nor watched pipes, or NULL.
 */
struct step *early_take(struct pump *pump, const struct job *job);

/* One that nobody has taken has ended, or is given up: step is freed. */
void early_lost(struct pump *pump, struct step *step);

/* Starts one, or ends one too many. Does nothing before the deadline. */
void early_tick(struct pump *pump);

/* When early_tick() is to be called at the latest (CLOCK_MONOTONIC); 0: there is no need to. */
uint64_t early_deadline(const struct pump *pump);

#endif
