#include "front/flight.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "front/diagnose.h"

static uint64_t cpu_of(const struct step_result *result)
{
	return result->user_usec + result->system_usec;
}

static struct job *flying(struct service *service, const struct compile_key *key)
{
	struct job *job;

	TAILQ_FOREACH (job, &service->flights, in_flight)
		if (compile_key_equal(&job->compile_key, key))
			return job;
	return NULL;
}

/* What is kept of the job's compile, for all or for its session alone; or NULL. */
static struct compile_entry *kept_compile(struct service *service, const struct job *job)
{
	struct compile_entry *entry = compile_cache_find(&service->cache, &job->compile_key);

	if (!entry && job->plan.carry_bundle_fd >= 0)
		entry = carry_find_compile(&service->carry, &job->carry_id, &job->compile_key);
	return entry;
}

/* Gives a job, whose place is reserved, what a compile came to: it goes on to run, or ends. */
static void deliver(struct service *service, struct job *job, const struct compile_entry *entry,
		    const struct step_result *result)
{
	int artefact_fd = -EBADF;

	if (job->state == JOB_QUEUED)
		job_set_state_locked(job, JOB_COMPILING);
	if (job->plan.carry_bundle_fd >= 0 && !entry->result.carried && !entry->result.kept)
		carry_note(&service->carry, &job->carry_id, cpu_of(&entry->result));
	for (int i = 0; i < 2; i++)
		if (diagnose_wanted(job, STEP_COMPILE, i + 1))
			diagnose_output_locked(job, entry->outputs[i].data, entry->outputs[i].len);
		else if (entry->outputs[i].len)
			job_log_output_locked(job, STEP_COMPILE, i + 1, entry->outputs[i].data,
					      entry->outputs[i].len,
					      job->limits[STEP_COMPILE].output_bytes);
	if (diagnose_wanted(job, STEP_COMPILE, 2))
		diagnose_end_locked(job);
	if ((job->plan.run_takes_artefact || job->plan.action) && entry->artefact_fd >= 0)
		artefact_fd = fcntl(entry->artefact_fd, F_DUPFD_CLOEXEC, 3);
	service_compiled_locked(service, job, result, artefact_fd);
}

int flight_would_board_locked(struct service *service, const struct job *job)
{
	return job->has_compile_key &&
	       (kept_compile(service, job) || flying(service, &job->compile_key));
}

enum flight_way flight_board_locked(struct service *service, struct job *job)
{
	if (!job->has_compile_key)
		return FLIGHT_COMPILE;
	const struct compile_entry *entry = kept_compile(service, job);
	if (entry) {
		/* It took no time and nothing else, this time. */
		struct step_result result = entry->result;
		result.cached = 1;
		result.wall_usec = result.user_usec = result.system_usec = 0;
		result.memory_peak_bytes = 0;
		result.carried = 0;
		service->metrics.compiles_cached++;
		deliver(service, job, entry, &result);
		return FLIGHT_SKIPPED;
	}
	struct job *leader = flying(service, &job->compile_key);
	if (!leader)
		return FLIGHT_COMPILE;
	job->leader = leader;
	TAILQ_INSERT_TAIL(&leader->followers, job, in_flight);
	if (job->state == JOB_QUEUED)
		job_set_state_locked(job, JOB_COMPILING);
	return FLIGHT_JOINED;
}

/* One that carries a folder is nobody else's. */
static int goes_alone(struct service *service, struct job *job)
{
	return job->loan.fd >= 0 ||
	       (job->plan.carry_bundle_fd >= 0 &&
		carry_lend(&service->carry, &job->carry_id, job->plan.carry_fit, &job->loan) == 0);
}

void flight_begin_locked(struct service *service, struct job *job)
{
	if (goes_alone(service, job) || !job->has_compile_key || job->flies)
		return;
	job->flies = 1;
	TAILQ_INSERT_TAIL(&service->flights, job, in_flight);
}

/* Takes the job out of the sky; ret_followers: those that had joined it. */
static int take_down(struct service *service, struct job *job, struct job_list *ret_followers)
{
	TAILQ_INIT(ret_followers);
	if (!job->flies)
		return 0;
	job->flies = 0;
	TAILQ_REMOVE(&service->flights, job, in_flight);
	TAILQ_CONCAT(ret_followers, &job->followers, in_flight);
	return 1;
}

/* An entry of what the job's compile printed and came to, or NULL. */
static struct compile_entry *entry_make(const struct job *job, const struct step_result *result,
					int artefact_fd)
{
	struct compile_entry *entry = compile_entry_new(&job->compile_key);
	struct stat st;
	int r = entry ? 0 : -ENOMEM;

	for (int i = 0; r == 0 && i < 2; i++) {
		/* Of a compiler that tells machines what it tells people, its own words are kept.
		 */
		const struct job_output_buffer *output = diagnose_wanted(job, STEP_COMPILE, i + 1)
								 ? &job->diagnosed
								 : &job->outputs[STEP_COMPILE][i];
		r = compile_entry_set_output(entry, i + 1, output->data, output->used);
	}
	if (r == 0 && artefact_fd >= 0) {
		entry->artefact_fd = fcntl(artefact_fd, F_DUPFD_CLOEXEC, 3);
		r = fstat(entry->artefact_fd, &st) < 0 ? -errno : 0;
		entry->artefact_bytes = r == 0 ? (uint64_t)st.st_size : 0;
	}
	if (r < 0)
		return compile_entry_unref(entry);
	entry->result = *result;
	return entry;
}

/* Those whose compile came to nothing that could be shared want a slot of their own. */
static void compete_again(struct service *service, struct job_list *followers)
{
	struct job *job;

	while ((job = TAILQ_FIRST(followers)) != NULL) {
		TAILQ_REMOVE(followers, job, in_flight);
		job->leader = NULL;
		job->position_shown = 0;
		job_set_state_locked(job, JOB_QUEUED);
		queue_submit(&service->queue, &job->item, STEP_COMPILE, clock_monotonic_usec());
	}
	service_wake(service);
}

/* A limit that ended one would end them all; a kill, or a fault of ours, was this one's alone. */
static int is_shared(const struct step_result *result)
{
	return result->outcome != OUTCOME_KILLED && result->outcome != OUTCOME_INTERNAL_ERROR &&
	       result->outcome != OUTCOME_REFUSED;
}

/* What it left is its session's, and so is what it came to. */
static void land_alone(struct service *service, struct job *job, const struct step_result *result,
		       int artefact_fd)
{
	int lasts = job->has_compile_key && compile_result_lasts(result);
	struct compile_entry *entry = lasts ? entry_make(job, result, artefact_fd) : NULL;

	carry_return(&service->carry, &job->carry_id, &job->loan, result);
	if (entry)
		carry_put_compile(&service->carry, &job->carry_id, entry);
	compile_entry_unref(entry);
}

struct compile_entry *flight_land_locked(struct service *service, struct job *job,
					 const struct step_result *result, int artefact_fd)
{
	struct job_list followers;
	struct job *follower;

	if (job->loan.fd >= 0) {
		land_alone(service, job, result, artefact_fd);
		return NULL;
	}
	if (job->plan.carry_bundle_fd >= 0 && result->kind == STEP_COMPILE)
		carry_note(&service->carry, &job->carry_id, cpu_of(result));
	if (!take_down(service, job, &followers))
		return NULL;
	int lasts = compile_result_lasts(result);
	int shared = is_shared(result) && (lasts || !TAILQ_EMPTY(&followers));
	struct compile_entry *entry = shared ? entry_make(job, result, artefact_fd) : NULL;
	if (!entry) {
		compete_again(service, &followers);
		return NULL;
	}
	struct step_result theirs = *result;
	theirs.shared = 1;
	while ((follower = TAILQ_FIRST(&followers)) != NULL) {
		TAILQ_REMOVE(&followers, follower, in_flight);
		follower->leader = NULL;
		service->metrics.compiles_shared++;
		deliver(service, follower, entry, &theirs);
	}
	if (!lasts)
		return compile_entry_unref(entry);
	compile_cache_put(&service->cache, entry);
	return entry;
}

void flight_leave_locked(struct service *service, struct job *job)
{
	struct job_list followers;

	if (job->leader)
		TAILQ_REMOVE(&job->leader->followers, job, in_flight);
	job->leader = NULL;
	if (job->loan.fd >= 0)
		carry_return(&service->carry, &job->carry_id, &job->loan, NULL);
	if (take_down(service, job, &followers))
		compete_again(service, &followers);
}
