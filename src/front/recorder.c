#include "front/service_internal.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "front/collected.h"

/*
 * The thread that puts the ends of jobs on record and then tells their readers, in that order: a
 * result that was seen is never contradicted after a crash. Output and results of a job whose end
 * is fixed do not change any more, so they are read here without the lock.
 */

enum { PRUNE_EVERY = 256, IDLE_SEC = 10 };

/* Reads what an action made; what is none makes a refusal of its end. */
static void make_product(struct service *service, struct job *job)
{
	struct step_result *step = &job->result.steps[STEP_COMPILE];
	struct product *product;
	struct error err = {0};

	if (!job->plan.action || job->artefact_fd < 0 ||
	    job->result.last.outcome != OUTCOME_EXITED || job->result.last.exit_code != 0)
		return;
	int r = product_read(job->plan.action, job->artefact_fd, &product, &err);
	service_lock(service);
	if (r == 0) {
		job->product = product;
	} else {
		step->outcome = r == -EBADMSG ? OUTCOME_REFUSED : OUTCOME_INTERNAL_ERROR;
		snprintf(step->detail, sizeof(step->detail), "%s", err.text);
		job->result.last = *step;
	}
	service_unlock(service);
}

/* What a program left. A bundle that is none comes from a cell that lied: then there is nothing. */
static void make_collected(struct service *service, struct job *job)
{
	struct product *product;
	struct error err = {0};

	if (job->collected_fd < 0)
		return;
	int r = collected_read(job->collected_fd, &product, &err);
	if (r < 0) {
		log_warning("files_lost", "job=%s error=\"%s\"", job->id, err.text);
		return;
	}
	if (!product->file_count && !product->left_out)
		product = product_free(product);
	service_lock(service);
	job->product = product;
	service_unlock(service);
}

static void record(struct service *service, const struct job *job)
{
	struct store_job record = {
		.id = job->id,
		.client = job->client,
		.language = job->language,
		.accepted_usec = job->accepted_usec,
	};
	struct store_end end = {.result = job->result};
	struct error err;

	for (int kind = 0; kind < STEP_KIND_COUNT; kind++)
		for (int stream = 0; stream < 2; stream++)
			end.outputs[kind][stream] = (struct store_output){
				.data = job->outputs[kind][stream].data,
				.len = job->outputs[kind][stream].used,
			};
	if (store_end(service->store, &record, &end, &err) < 0)
		log_error("record_failed", "job=%s error=\"%s\"", job->id, err.text);
}

static void publish_locked(struct service *service, struct job *job, uint64_t now)
{
	TAILQ_REMOVE(&service->recording, job, in_list);
	job->ended_usec = now;
	job_set_state_locked(job, JOB_ENDED);
	job_log_result_locked(job);
	job_close_locked(job);
	TAILQ_INSERT_TAIL(&service->kept, job, in_list);
	service->kept_jobs++;
	service->kept_bytes += job_output_bytes_locked(job);
	service_prune_kept_locked(service, now);
}

static void log_end(const struct job *job)
{
	const struct step_result *last = &job->result.last;

	log_info("job_ended",
		 "job=%s client=%s language=%s outcome=%s exit_code=%d signal=%d queued_usec=%llu "
		 "total_usec=%llu memory_peak_bytes=%llu",
		 job->id, job->client, job->language, outcome_name(last->outcome), last->exit_code,
		 last->signal, (unsigned long long)job->result.queued_usec,
		 (unsigned long long)job->result.total_usec,
		 (unsigned long long)last->memory_peak_bytes);
}

/* Waits for something to record; now and then drops old jobs on the way. NULL: the end. */
static struct job *recorder_next_locked(struct service *service)
{
	struct job *job;

	while ((job = TAILQ_FIRST(&service->recording)) == NULL && !service->recorder_stopping) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += IDLE_SEC;
		if (TAILQ_EMPTY(&service->kept))
			pthread_cond_wait(&service->record_changed, &service->lock);
		else
			pthread_cond_timedwait(&service->record_changed, &service->lock, &until);
		service_prune_kept_locked(service, clock_monotonic_usec());
	}
	return job;
}

void *recorder_main(void *context)
{
	struct service *service = context;
	unsigned since_prune = 0;
	struct job *job;

	service_lock(service);
	while ((job = recorder_next_locked(service)) != NULL) {
		job_ref(job);
		service_unlock(service);
		make_product(service, job);
		make_collected(service, job);
		record(service, job);
		log_end(job);
		service_lock(service);
		publish_locked(service, job, clock_monotonic_usec());
		service_unlock(service);
		job_unref(job);
		if (++since_prune >= PRUNE_EVERY) {
			struct error err;
			since_prune = 0;
			if (store_prune(service->store, clock_real_usec(), STORE_JOBS_MAX,
					STORE_BYTES_MAX, &err) < 0)
				log_error("prune_failed", "error=\"%s\"", err.text);
		}
		service_lock(service);
	}
	service_unlock(service);
	return NULL;
}
