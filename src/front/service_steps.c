#include "front/service_internal.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/fd.h"

/* What the pump does with jobs: lease, output, end. Every change of a job's course is here. */

struct job *service_lease(struct service *service, enum step_kind kind)
{
	uint64_t now = clock_monotonic_usec();
	struct job *job = NULL;

	service_lock(service);
	struct queue_item *item = queue_lease(&service->queue, kind, now, SERVICE_LEASE_USEC);
	if (item) {
		job = job_ref(item->owner);
		job->result.queued_usec += now - item->waiting_since_usec;
		job_set_state_locked(job, kind == STEP_COMPILE ? JOB_COMPILING : JOB_RUNNING);
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

int service_output(struct service *service, struct job *job, uint64_t cookie, enum step_kind kind,
		   int stream, const char *data, size_t len)
{
	service_lock(service);
	int r = queue_emit(&job->item, cookie);
	if (r == 0)
		r = job_log_output_locked(job, kind, stream, data, len,
					  job->limits[kind].output_bytes);
	service_unlock(service);
	return r;
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
	job->result.total_usec = clock_monotonic_usec() - job->submitted_usec;
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

static void job_advance_locked(struct service *service, struct job *job, uint64_t cookie,
			       int take_artefact_fd)
{
	job->artefact_fd = take_artefact_fd;
	queue_advance(&service->queue, &job->item, cookie, STEP_RUN, clock_monotonic_usec());
	job_set_state_locked(job, JOB_WAITING_TO_RUN);
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
	step_log_locked(job, step);
	int leads_on = step_leads_on(job, step);
	if (leads_on && !job->kill_asked) {
		job_advance_locked(service, job, cookie, TAKE_FD(artefact_fd));
		service_unlock(service);
		return;
	}
	/* The kill came when this step had just ended by itself, and before the next. */
	if (leads_on) {
		job->result.last.outcome = OUTCOME_KILLED;
		snprintf(job->result.last.detail, sizeof(job->result.last.detail), "%s",
			 outcome_sentence(OUTCOME_KILLED));
	}
	queue_finish(&service->queue, &job->item, cookie, clock_monotonic_usec());
	job_end_locked(service, job);
	service_unlock(service);
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

int service_is_busy(struct service *service)
{
	service_lock(service);
	int busy = !TAILQ_EMPTY(&service->open) || service->retired_count > 0;
	service_unlock(service);
	return busy;
}
