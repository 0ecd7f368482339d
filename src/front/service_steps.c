#include "front/service_internal.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/fd.h"
#include "front/diagnose.h"
#include "front/flight.h"

/* What the pump does with jobs: lease, output, end. Every change of a job's course is here. */

/* A compile that need not be done any more gives its lease back. Returns 1, or 0: it is to be done.
 */
static int compile_is_saved(struct service *service, struct job *job, uint64_t now)
{
	if (!flight_would_board_locked(service, job))
		return 0;
	queue_park(&service->queue, &job->item, job->item.cookie, now);
	flight_board_locked(service, job);
	return 1;
}

void service_memory(struct service *service, int is_short)
{
	service_lock(service);
	service->memory_is_short = is_short;
	service_unlock(service);
}

/* Programs take what they like; compilers are few, and known. One goes on, whatever there is. */
static int must_wait_locked(const struct service *service, enum step_kind kind)
{
	return service->memory_is_short && kind == STEP_RUN && service->queue.used[STEP_RUN] > 0;
}

struct job *service_lease(struct service *service, enum step_kind kind)
{
	uint64_t now = clock_monotonic_usec();
	struct queue_item *item;
	struct job *job = NULL;

	service_lock(service);
	while (!job && !must_wait_locked(service, kind) &&
	       (item = queue_lease(&service->queue, kind, now, SERVICE_LEASE_USEC)) != NULL) {
		job = item->owner;
		job->result.queued_usec += now - item->waiting_since_usec;
		if (kind == STEP_COMPILE && compile_is_saved(service, job, now))
			job = NULL;
	}
	if (job) {
		job_ref(job);
		job_set_state_locked(job, kind == STEP_COMPILE ? JOB_COMPILING : JOB_RUNNING);
	}
	if (job && kind == STEP_COMPILE) {
		service->metrics.compiles++;
		flight_begin_locked(service, job);
	}
	service_unlock(service);
	return job;
}

void service_step_sent(struct service *service, struct job *job, uint64_t cookie,
		       enum step_kind kind)
{
	uint64_t until = clock_monotonic_usec() + job->limits[kind].wall_usec + SERVICE_GRACE_USEC;

	service_lock(service);
	queue_renew(&service->queue, &job->item, cookie, until);
	service_unlock(service);
}

static enum output_way output_locked(struct job *job, enum step_kind kind, int stream,
				     const char *data, size_t len)
{
	int over = diagnose_wanted(job, kind, stream)
			   ? diagnose_output_locked(job, data, len)
			   : job_log_output_locked(job, kind, stream, data, len,
						   job->limits[kind].output_bytes);

	if (over)
		return OUTPUT_CUT;
	return kind == STEP_RUN && job_hold_locked(job, stream) ? OUTPUT_HOLD : OUTPUT_GO_ON;
}

enum output_way service_output(struct service *service, struct job *job, uint64_t cookie,
			       enum step_kind kind, int stream, const char *data, size_t len)
{
	enum output_way way = OUTPUT_STALE;

	service_lock(service);
	if (queue_emit(&job->item, cookie) == 0) {
		service->metrics.output_bytes += len;
		way = output_locked(job, kind, stream, data, len);
	}
	service_unlock(service);
	return way;
}

int service_may_read(struct service *service, struct job *job, int stream)
{
	service_lock(service);
	int may = !job->held[stream - 1];
	service_unlock(service);
	return may;
}

void service_flush(struct service *service, struct job *job)
{
	service_lock(service);
	if (!job->ending)
		job_log_flush_locked(job);
	service_unlock(service);
}

/* The result is fixed from here on: the recorder has the job. */
static void job_end_locked(struct service *service, struct job *job)
{
	job_log_flush_locked(job);
	job->ending = 1;
	job->held[0] = job->held[1] = 0;
	job->result.total_usec = clock_monotonic_usec() - job->submitted_usec;
	metrics_job(&service->metrics, &job->result);
	TAILQ_REMOVE(&service->open, job, in_list);
	TAILQ_INSERT_TAIL(&service->recording, job, in_list);
	pthread_cond_signal(&service->record_changed);
}

static void step_log_locked(struct job *job, const struct step_result *step)
{
	struct step_result *slot = &job->result.steps[step->kind];

	*slot = *step;
	slot->truncated_stdout |= job->outputs[step->kind][0].truncated;
	slot->truncated_stderr |= job->outputs[step->kind][1].truncated;
	job->result.done[step->kind] = 1;
	job->result.last = *slot;
	job_log_step_locked(job, step->kind);
}

/* Ended well, and there is a run step to come? */
static int step_leads_on(const struct job *job, const struct step_result *step)
{
	return step->kind == STEP_COMPILE && step->outcome == OUTCOME_EXITED &&
	       step->exit_code == 0 && job->plan.has_run;
}

/* The kill came when this step had just ended by itself, and before the next. */
static void job_killed_between_locked(struct job *job)
{
	job->result.last.outcome = OUTCOME_KILLED;
	snprintf(job->result.last.detail, sizeof(job->result.last.detail), "%s",
		 outcome_sentence(OUTCOME_KILLED));
}

/*
 * What becomes of a job whose step has been logged: returns 1 when it goes on to its run step, 0
 * when it ends. The artefact is taken where it is wanted.
 */
static int job_settle_locked(struct job *job, const struct step_result *step, int *artefact_fd)
{
	int leads_on = step_leads_on(job, step);
	int goes_on = leads_on && !job->kill_asked;

	if (step->kind == STEP_RUN && job->plan.run_collects)
		job->collected_fd = TAKE_FD(*artefact_fd);
	else if (goes_on || job->plan.action)
		job->artefact_fd = TAKE_FD(*artefact_fd);
	if (leads_on && !goes_on)
		job_killed_between_locked(job);
	return goes_on;
}

void service_compiled_locked(struct service *service, struct job *job,
			     const struct step_result *result, int take_artefact_fd)
{
	_cleanup_fd_ int artefact_fd = take_artefact_fd;

	step_log_locked(job, result);
	if (job_settle_locked(job, result, &artefact_fd)) {
		queue_submit(&service->queue, &job->item, STEP_RUN, clock_monotonic_usec());
		job_set_state_locked(job, JOB_WAITING_TO_RUN);
	} else {
		queue_cancel(&service->queue, &job->item);
		job_end_locked(service, job);
	}
}

void service_step_done(struct service *service, struct job *job, uint64_t cookie,
		       const struct step_result *step, int take_artefact_fd)
{
	_cleanup_fd_ int artefact_fd = take_artefact_fd;

	service_lock(service);
	if (queue_emit(&job->item, cookie) < 0) {
		service_unlock(service);
		return;
	}
	if (diagnose_wanted(job, step->kind, 2))
		diagnose_end_locked(job);
	step_log_locked(job, step);
	struct compile_entry *kept =
		flight_land_locked(service, job, &job->result.steps[step->kind], artefact_fd);
	uint64_t now = clock_monotonic_usec();
	if (job_settle_locked(job, step, &artefact_fd)) {
		queue_advance(&service->queue, &job->item, cookie, STEP_RUN, now);
		job_set_state_locked(job, JOB_WAITING_TO_RUN);
	} else {
		queue_finish(&service->queue, &job->item, cookie, now);
		job_end_locked(service, job);
	}
	service_unlock(service);
	if (kept)
		compile_store_save(service->compile_store, kept);
	compile_entry_unref(kept);
}

void service_end_early(struct service *service, struct job *job, enum outcome outcome,
		       const char *detail)
{
	struct queue_item *item = &job->item;
	uint64_t now = clock_monotonic_usec();

	service_lock(service);
	if (job->ending || job->state == JOB_ENDED) {
		service_unlock(service);
		return;
	}
	flight_leave_locked(service, job);
	struct step_result step = job->result.last; /* of a step that ended before, or zero */
	int running = item->state == QUEUE_LEASED;
	if (running || !job->result.done[STEP_COMPILE])
		step = (struct step_result){.kind = item->lane};
	step.outcome = outcome;
	snprintf(step.detail, sizeof(step.detail), "%s", detail);
	if (running) {
		step_log_locked(job, &step);
		queue_finish(&service->queue, item, item->cookie, now);
	} else {
		job->result.last = step;
		job->result.queued_usec += now - item->waiting_since_usec;
		queue_cancel(&service->queue, item);
	}
	job_end_locked(service, job);
	service_unlock(service);
}

struct job *service_next_attention(struct service *service)
{
	service_lock(service);
	struct job *job = TAILQ_FIRST(&service->attention);
	if (job) {
		TAILQ_REMOVE(&service->attention, job, in_attention);
		job->wants_attention = 0;
	}
	service_unlock(service);
	return job;
}

struct job *service_next_expired(struct service *service)
{
	for (;;) {
		service_lock(service);
		struct queue_item *item = queue_overdue(&service->queue, clock_monotonic_usec());
		struct job *job = item ? job_ref(item->owner) : NULL;
		int waiting = item && item->state == QUEUE_WAITING;
		service_unlock(service);
		if (!waiting)
			return job;
		service_end_early(service, job, OUTCOME_INTERNAL_ERROR,
				  "The server was too busy to run this job in time; try again "
				  "later.");
		job_unref(job);
	}
}

int service_compile_is_free(struct service *service)
{
	const struct queue *queue = &service->queue;

	service_lock(service);
	int is_free = queue->used[STEP_COMPILE] < queue->config.slots[STEP_COMPILE] &&
		      TAILQ_EMPTY(&queue->rings[STEP_COMPILE]);
	service_unlock(service);
	return is_free;
}

int service_is_busy(struct service *service)
{
	service_lock(service);
	int busy = !TAILQ_EMPTY(&service->open) || service->retired_count > 0;
	service_unlock(service);
	return busy;
}
