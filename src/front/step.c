#include "front/pump_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "ipc/channel.h"

/*
 * One running step. The cell's ends of its pipes go to the supervisor with STEP_START and are
 * closed at once. When STEP_DONE comes the cell is dead, and the pipes are read until they are
 * empty, a pipe full at most: nobody is waited for.
 */

static struct step *step_new(struct pump *pump, struct step_list *list, enum step_kind kind)
{
	struct step *step = calloc(1, sizeof(*step));

	if (!step)
		return NULL;
	step->pump = pump;
	step->list = list;
	step->kind = kind;
	step->id = ++pump->last_step_id;
	step->early_fd = -EBADF;
	for (int i = 0; i < 3; i++) {
		step->cell_fds[i] = -EBADF;
		step->pipes[i].source.fd = -EBADF;
		step->pipes[i].step = step;
		step->pipes[i].stream = i;
	}
	TAILQ_INSERT_TAIL(list, step, in_list);
	return step;
}

static void cell_fds_close(struct step *step)
{
	for (int i = 0; i < 3; i++)
		step->cell_fds[i] = fd_close(step->cell_fds[i]);
	step->early_fd = fd_close(step->early_fd);
}

void step_free(struct step *step)
{
	step_close_pipes(step);
	cell_fds_close(step);
	TAILQ_REMOVE(step->list, step, in_list);
	if (step->job)
		step->job->step = NULL;
	job_unref(step->job);
	free(step);
}

/* A step with pipes that nobody watches yet. Returns NULL when there is no more to be had. */
static struct step *step_open(struct pump *pump, struct step_list *list, enum step_kind kind)
{
	struct step *step = step_new(pump, list, kind);

	if (step && step_open_pipes(step) < 0) {
		step_free(step);
		step = NULL;
	}
	return step;
}

int step_start_early(struct pump *pump, struct early_kind *kind)
{
	struct step *step = step_open(pump, &pump->early.steps, STEP_COMPILE);

	if (!step)
		return -ENOMEM;
	step->is_early = 1;
	step->early = kind;
	step->generation = pump->early.generation;
	step->early_fd = fcntl(kind->bundle_fd, F_DUPFD_CLOEXEC, 0);
	if (step->early_fd < 0) {
		step_free(step);
		return -ENOMEM;
	}
	pump_flush(pump);
	return 0;
}

/* From here on the step is the job's. */
static int step_attach(struct step *step, struct job *take_job)
{
	step->job = take_job;
	step->cookie = take_job->item.cookie; /* changes in this thread only */
	take_job->step = step;
	TAILQ_REMOVE(step->list, step, in_list);
	step->list = &step->pump->steps;
	TAILQ_INSERT_TAIL(step->list, step, in_list);
	return step_watch_pipes(step);
}

/* early: a step that was started ahead, or NULL. */
static void step_begin(struct pump *pump, struct step *early, struct job *take_job,
		       enum step_kind kind)
{
	struct step *step = early ? early : step_open(pump, &pump->steps, kind);
	int r = step ? step_attach(step, take_job) : -ENOMEM;

	if (r < 0) {
		log_error("step_failed", "job=%s error=\"pipes: %s\"", take_job->id,
			  strerrordesc_np(-r));
		service_end_early(pump->service, take_job, OUTCOME_INTERNAL_ERROR,
				  "The server has no pipes or memory left for this job; try again "
				  "later.");
		if (step && step->sent)
			step_kill(step, OUTCOME_KILLED);
		if (step)
			step_free(step);
		else
			job_unref(take_job);
		return;
	}
	step_feed(step);
}

void step_start(struct pump *pump, struct job *take_job, enum step_kind kind)
{
	struct step *early = kind == STEP_COMPILE ? early_take(pump, take_job) : NULL;

	step_begin(pump, early, take_job, kind);
}

static int send_early(struct step *step)
{
	const int fds[] = {
		step->early_fd,	   step->cell_fds[0], step->cell_fds[1],
		step->cell_fds[2], step->early_fd,    step->early_fd,
	};
	struct ipc_message message = {
		.type = IPC_STEP_START,
		.step_start =
			{
				.step_id = step->id,
				.generation = step->generation,
				.kind = STEP_COMPILE,
				.early = 1,
				.limits = step->pump->service->limits[STEP_COMPILE],
			},
	};
	int r = channel_send(step->pump->channel.fd, &message, fds);
	if (r < 0)
		return r;
	step->sent = 1;
	cell_fds_close(step);
	return 0;
}

static int send_feed(struct step *step)
{
	const struct job *job = step->job;
	int has_carry = job->loan.fd >= 0;
	int bundle_fd = has_carry ? job->plan.carry_later_bundle_fd : job->plan.later_bundle_fd;
	const int fds[] = {bundle_fd, has_carry ? job->loan.fd : bundle_fd};
	struct ipc_message message = {
		.type = IPC_STEP_FEED,
		.step_feed = {.step_id = step->id,
			      .has_carry = (uint32_t)has_carry,
			      .limits = job->limits[step->kind]},
	};
	int r = channel_send(step->pump->channel.fd, &message, fds);
	if (r < 0)
		return r;
	step->fed = 1;
	service_step_sent(step->pump->service, step->job, step->cookie, step->kind);
	return 0;
}

static int send_start(struct step *step)
{
	struct job *job = step->job;
	int run = step->kind == STEP_RUN;
	int has_carry = !run && job->loan.fd >= 0;
	int bundle_fd = run	    ? job->plan.run_bundle_fd
			: has_carry ? job->plan.carry_bundle_fd
				    : job->plan.compile_bundle_fd;
	int has_artefact = run && job->artefact_fd >= 0;
	const int fds[] = {
		bundle_fd,
		step->cell_fds[0],
		step->cell_fds[1],
		step->cell_fds[2],
		has_artefact ? job->artefact_fd : bundle_fd,
		has_carry ? job->loan.fd : bundle_fd,
	};
	struct ipc_message message = {
		.type = IPC_STEP_START,
		.step_start =
			{
				.step_id = step->id,
				.generation = manifest_generation(job->manifest),
				.kind = step->kind,
				.has_artefact = (uint32_t)has_artefact,
				.has_carry = (uint32_t)has_carry,
				.interactive = (uint32_t)(run && job->interactive),
				.limits = job->limits[step->kind],
			},
	};
	int r = channel_send(step->pump->channel.fd, &message, fds);
	if (r < 0)
		return r;
	step->sent = 1;
	cell_fds_close(step);
	service_step_sent(step->pump->service, job, step->cookie, step->kind);
	return 0;
}

static int send_kill(struct step *step)
{
	struct ipc_message message = {
		.type = IPC_STEP_KILL,
		.step_kill = {.step_id = step->id, .outcome = step->kill_outcome},
	};
	int r = channel_send(step->pump->channel.fd, &message, NULL);
	if (r == 0)
		step->kill_sent = 1;
	return r;
}

static int send_signals(struct step *step)
{
	int r = 0;

	for (uint32_t number = 1; r == 0 && number < SIGNALS_END; number++) {
		if (!(step->signals & 1U << number))
			continue;
		struct ipc_message message = {
			.type = IPC_STEP_SIGNAL,
			.step_signal = {.step_id = step->id, .signal = number},
		};
		r = channel_send(step->pump->channel.fd, &message, NULL);
		if (r == 0)
			step->signals &= ~(1U << number);
	}
	return r;
}

int step_send(struct step *step)
{
	int r = 0;

	if (!step->sent)
		r = step->is_early ? send_early(step) : send_start(step);
	if (r == 0 && step->is_early && step->job && !step->fed)
		r = send_feed(step);
	if (r == 0 && step->signals)
		r = send_signals(step);
	if (r == 0 && step->kill_asked && !step->kill_sent)
		r = send_kill(step);
	return r;
}

void step_signal(struct step *step, uint32_t signals)
{
	if (step->kind != STEP_RUN)
		return;
	step->signals |= signals;
	pump_flush(step->pump);
}

void step_kill(struct step *step, enum outcome outcome)
{
	if (step->kill_asked)
		return;
	step->kill_asked = 1;
	step->kill_outcome = outcome;
	pump_flush(step->pump);
}

/* The sentence for people. */
static void result_detail(struct step_result *result, const struct ipc_step_done *done)
{
	const char *sentence = outcome_sentence(result->outcome);
	size_t size = sizeof(result->detail);

	if (done->error_text[0] &&
	    (result->outcome == OUTCOME_REFUSED || result->outcome == OUTCOME_INTERNAL_ERROR))
		snprintf(result->detail, size, "%s", done->error_text);
	else if (result->outcome == OUTCOME_SIGNALED)
		snprintf(result->detail, size, "A signal ended the program: %s (%s).",
			 signal_name(result->signal), signal_description(result->signal));
	else
		snprintf(result->detail, size, "%s", sentence);
}

static struct step_result result_make(const struct step *step, const struct ipc_step_done *done)
{
	struct step_result result = {
		.kind = step->kind,
		.outcome = (enum outcome)done->outcome,
		.exit_code = (int)done->exit_code,
		.signal = (int)done->signal,
		.wall_usec = done->wall_usec,
		.user_usec = done->user_usec,
		.system_usec = done->system_usec,
		.memory_peak_bytes = done->memory_peak_bytes,
		.cell_usec = done->cell_usec,
		.was_ready = (int)done->was_ready,
		.carried = (int)done->carried,
		.kept = (int)done->kept,
	};

	/* It may end by itself before the kill arrives: what it printed is cut all the same. */
	if (step->over_limit &&
	    (result.outcome == OUTCOME_EXITED || result.outcome == OUTCOME_SIGNALED))
		result.outcome = OUTCOME_OUTPUT_LIMIT;
	result_detail(&result, done);
	if (step->kind == STEP_COMPILE && result.outcome == OUTCOME_EXITED &&
	    result.exit_code == 0 && step->job->plan.run_takes_artefact &&
	    done->artefact_bytes == 0) {
		result.outcome = OUTCOME_REFUSED;
		snprintf(result.detail, sizeof(result.detail),
			 "The compiler left no program to run, or one that is larger than the "
			 "limit.");
	}
	return result;
}

/* A step that was started ahead had ended before it had the job. */
static int was_not_fed(const struct step *step, const struct ipc_step_done *done)
{
	return step->is_early && done->outcome == OUTCOME_REFUSED &&
	       strcmp(done->error_step, "feed") == 0;
}

/* What was asked of the step is asked of the new one. */
static void start_again(struct step *step)
{
	struct pump *pump = step->pump;
	struct job *job = job_ref(step->job);
	enum step_kind kind = step->kind;
	int kill_asked = step->kill_asked;
	enum outcome kill_outcome = step->kill_outcome;

	log_info("step_again", "job=%s", job_id(job));
	step_free(step);
	step_begin(pump, NULL, job, kind);
	if (job->step && kill_asked)
		step_kill(job->step, kill_outcome);
}

/* Compile: for the run step, or an action's result; run: what the program left. */
static int hands_on(const struct step *step)
{
	const struct job_plan *plan = &step->job->plan;

	return step->kind == STEP_RUN ? plan->run_collects
				      : plan->run_takes_artefact || plan->action != NULL;
}

void step_done(struct step *step, const struct ipc_step_done *done, int take_artefact_fd)
{
	struct pump *pump = step->pump;

	if (was_not_fed(step, done)) {
		fd_close(take_artefact_fd);
		start_again(step);
		return;
	}

	step_drain_pipes(step);
	struct step_result result = result_make(step, done);
	int artefact_fd = take_artefact_fd;
	if (!hands_on(step))
		artefact_fd = fd_close(artefact_fd);
	struct job *job = step->job;
	uint64_t cookie = step->cookie;
	job_ref(job);
	step->kill_sent = 1; /* nothing is left to kill */
	step_free(step);
	service_step_done(pump->service, job, cookie, &result, artefact_fd);
	job_unref(job);
}
