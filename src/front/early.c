#include "front/early.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "front/pump_internal.h"

enum {
	QUIET_USEC = 5 * 1000,	       /* after a request, before the next is started */
	BETWEEN_USEC = 2 * 1000,       /* from one to the next */
	BUSY_USEC = 20 * 1000,	       /* when compiles wait or take every slot */
	RETRY_USEC = 5 * 1000 * 1000,  /* after one was refused or died */
	SHRINK_USEC = 5 * 1000 * 1000, /* how often it is looked whether fewer will do */
};

/* ---- kinds ---- */

static struct early_kind *kind_find(struct early *early, const void *bytes, size_t len)
{
	for (size_t i = 0; i < EARLY_KINDS_MAX; i++) {
		struct early_kind *kind = &early->kinds[i];
		if (kind->bytes && kind->len == len && memcmp(kind->bytes, bytes, len) == 0)
			return kind;
	}
	return NULL;
}

/* Ends those of a kind, or of all kinds with NULL, down to a number. */
static void end_steps(struct pump *pump, const struct early_kind *kind, unsigned down_to)
{
	struct step *step, *next;
	unsigned kept = 0;

	for (step = TAILQ_FIRST(&pump->early.steps); step; step = next) {
		next = TAILQ_NEXT(step, in_list);
		if (step->kill_asked || (kind && step->early != kind) || kept++ < down_to)
			continue;
		if (step->sent)
			step_kill(step, OUTCOME_KILLED);
		else
			step_free(step);
	}
}

static void kind_forget(struct pump *pump, struct early_kind *kind)
{
	struct step *step;

	end_steps(pump, kind, 0);
	TAILQ_FOREACH (step, &pump->early.steps, in_list)
		if (step->early == kind)
			step->early = NULL;
	free(kind->bytes);
	fd_close(kind->bundle_fd);
	*kind = (struct early_kind){.bundle_fd = -EBADF};
}

/* A free place, or that of what was wanted longest ago. */
static struct early_kind *kind_place(struct pump *pump)
{
	struct early_kind *oldest = &pump->early.kinds[0];

	for (size_t i = 0; i < EARLY_KINDS_MAX; i++) {
		struct early_kind *kind = &pump->early.kinds[i];
		if (!kind->bytes)
			return kind;
		if (kind->demand.last_usec < oldest->demand.last_usec)
			oldest = kind;
	}
	kind_forget(pump, oldest);
	return oldest;
}

static struct early_kind *kind_add(struct pump *pump, const void *bytes, size_t len)
{
	struct early_kind *kind = kind_place(pump);
	struct early_kind new = {.bytes = malloc(len), .len = len};

	if (!new.bytes)
		return NULL;
	memcpy(new.bytes, bytes, len);
	new.bundle_fd = memfd_new_sealed("early", bytes, len);
	if (new.bundle_fd < 0) {
		free(new.bytes);
		return NULL;
	}
	*kind = new;
	return kind;
}

/* Returns the kind a plan wants, its wish noted, or NULL: none. */
static struct early_kind *kind_note(struct pump *pump, const struct job_plan *plan)
{
	if (!plan->early || !pump->service->early_slots)
		return NULL;
	struct early_kind *kind = kind_find(&pump->early, plan->early, plan->early_len);
	if (!kind)
		kind = kind_add(pump, plan->early, plan->early_len);
	if (!kind)
		return NULL;
	uint64_t now = clock_monotonic_usec();
	demand_note(&kind->demand, now);
	pump->early.tick_usec = now + QUIET_USEC;
	return kind;
}

/* ---- images ---- */

/* What this language compiles when nothing is asked for. */
static void note_default(struct pump *pump, const struct manifest *manifest, const char *language)
{
	const struct job_file file = {NULL, "", 0};
	const struct job_request request = {.language = language, .files = &file, .file_count = 1};
	struct job_plan plan;

	if (manifest_plan(manifest, &request, &plan, NULL) < 0)
		return;
	kind_note(pump, &plan);
	job_plan_fini(&plan);
}

void early_use_manifest(struct pump *pump, struct manifest *manifest)
{
	const json_t *languages = json_object_get(manifest_json(manifest), "languages");
	const json_t *language;
	size_t i;

	for (i = 0; i < EARLY_KINDS_MAX; i++)
		kind_forget(pump, &pump->early.kinds[i]);
	pump->early.generation = manifest_generation(manifest);
	json_array_foreach (languages, i, language)
		note_default(pump, manifest, json_string_value(json_object_get(language, "id")));
}

void early_init(struct pump *pump, struct manifest *manifest)
{
	TAILQ_INIT(&pump->early.steps);
	for (size_t i = 0; i < EARLY_KINDS_MAX; i++)
		pump->early.kinds[i].bundle_fd = -EBADF;
	early_use_manifest(pump, manifest);
}

void early_fini(struct pump *pump)
{
	struct step *step;

	while ((step = TAILQ_FIRST(&pump->early.steps)) != NULL)
		step_free(step);
	for (size_t i = 0; i < EARLY_KINDS_MAX; i++)
		kind_forget(pump, &pump->early.kinds[i]);
}

/* ---- for jobs ---- */

/* Limits that are set when a process starts are those of the default. */
static int job_has_default_limits(const struct job *job)
{
	return memcmp(&job->limits[STEP_COMPILE], &job->service->limits[STEP_COMPILE],
		      sizeof(struct limits)) == 0;
}

/* A program that waits prints nothing, and has not closed its streams by ending. */
static int step_waits(const struct step *step)
{
	struct pollfd pipes[] = {
		{.fd = step->pipes[1].source.fd, .events = POLLIN},
		{.fd = step->pipes[2].source.fd, .events = POLLIN},
	};

	return poll(pipes, sizeof(pipes) / sizeof(pipes[0]), 0) == 0;
}

struct step *early_take(struct pump *pump, const struct job *job)
{
	struct early *early = &pump->early;
	struct step *step, *next;

	if (manifest_generation(job->manifest) != early->generation || !job_has_default_limits(job))
		return NULL;
	const struct early_kind *kind = kind_note(pump, &job->plan);
	for (step = TAILQ_FIRST(&early->steps); kind && step; step = next) {
		next = TAILQ_NEXT(step, in_list);
		if (step->early != kind || step->kill_asked)
			continue;
		if (step_waits(step)) {
			step->early = NULL;
			return step;
		}
		step_kill(step, OUTCOME_KILLED);
	}
	return NULL;
}

void early_lost(struct pump *pump, struct step *step)
{
	struct early *early = &pump->early;
	uint64_t now = clock_monotonic_usec();

	if (!step->kill_asked) {
		log_warning("early_step_lost", "step=%llu", (unsigned long long)step->id);
		early->hold_usec = now + RETRY_USEC;
	}
	early->tick_usec = now + QUIET_USEC; /* its slot is free */
	step_free(step);
}

/* ---- time ---- */

static unsigned count_steps(const struct early *early, const struct early_kind *kind)
{
	const struct step *step;
	unsigned count = 0;

	TAILQ_FOREACH (step, &early->steps, in_list)
		count += !kind || (step->early == kind && !step->kill_asked);
	return count;
}

/* Of those with fewer than they should have, the one that was wanted last; without any first. */
static struct early_kind *kind_most_wanted(struct early *early, uint64_t now)
{
	struct early_kind *best = NULL;
	unsigned best_count = 0;

	for (size_t i = 0; i < EARLY_KINDS_MAX; i++) {
		struct early_kind *kind = &early->kinds[i];
		unsigned count = count_steps(early, kind);
		if (!kind->bytes || count >= demand_target(&kind->demand, now))
			continue;
		if (!best || (count == 0 && best_count > 0) ||
		    ((count == 0) == (best_count == 0) &&
		     kind->demand.last_usec > best->demand.last_usec)) {
			best = kind;
			best_count = count;
		}
	}
	return best;
}

/* No slot is left for a kind that has none: one of those with several, or wanted before, ends. */
static void make_room(struct pump *pump, const struct early_kind *wanted)
{
	struct early_kind *victim = NULL;
	unsigned most = 0;

	for (size_t i = 0; i < EARLY_KINDS_MAX; i++) {
		struct early_kind *kind = &pump->early.kinds[i];
		unsigned count = count_steps(&pump->early, kind);
		int older = kind->demand.last_usec < wanted->demand.last_usec;
		if (kind == wanted || (count < 2 && !(count && older)) || count <= most)
			continue;
		victim = kind;
		most = count;
	}
	if (victim)
		end_steps(pump, victim, most - 1);
}

static int shrink(struct pump *pump, uint64_t now)
{
	int any = 0;

	for (size_t i = 0; i < EARLY_KINDS_MAX; i++) {
		struct early_kind *kind = &pump->early.kinds[i];
		unsigned target = kind->bytes ? demand_target(&kind->demand, now) : 0;
		if (kind->bytes && target == 0)
			kind_forget(pump, kind);
		else if (kind->bytes)
			end_steps(pump, kind, target);
		any |= target > 0;
	}
	return any;
}

void early_tick(struct pump *pump)
{
	struct early *early = &pump->early;
	uint64_t now = clock_monotonic_usec();

	if (!early->tick_usec || now < early->tick_usec)
		return;
	int any = shrink(pump, now);
	struct early_kind *kind = kind_most_wanted(early, now);
	if (!kind) {
		early->tick_usec = any ? now + SHRINK_USEC : 0;
	} else if (now < early->hold_usec) {
		early->tick_usec = early->hold_usec;
	} else if (!service_compile_is_free(pump->service)) {
		/* A processor is better used for a job that is there than for one to come. */
		early->tick_usec = now + BUSY_USEC;
	} else if (count_steps(early, NULL) < pump->service->early_slots) {
		int r = step_start_early(pump, kind);
		early->tick_usec = now + (r < 0 ? RETRY_USEC : BETWEEN_USEC);
	} else {
		if (count_steps(early, kind) == 0)
			make_room(pump, kind);
		early->tick_usec = now + SHRINK_USEC;
	}
}

uint64_t early_deadline(const struct pump *pump)
{
	return pump->early.tick_usec;
}
