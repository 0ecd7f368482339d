#include "front/pump_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "ipc/channel.h"

/* How often deadlines are looked at and gathered output is logged, while there is anything to do.
 */
enum { PUMP_TICK_USEC = 100000 };

static void pump_fail(struct pump *pump, int code)
{
	pump->stop = 1;
	pump->failed = code;
}

/* ---- to the supervisor ---- */

static int send_image_answer(struct pump *pump)
{
	if (!pump->has_image_answer)
		return 0;
	int r = channel_send(pump->channel.fd, &pump->image_answer, NULL);
	if (r == 0)
		pump->has_image_answer = 0;
	return r;
}

static int send_image_unused(struct pump *pump)
{
	struct ipc_message message = {.type = IPC_IMAGE_UNUSED};
	uint64_t generation;

	while ((generation = service_unused_generation(pump->service)) != 0) {
		message.image_unused.generation = generation;
		int r = channel_send(pump->channel.fd, &message, NULL);
		if (r < 0)
			return r;
		service_forget_generation(pump->service, generation);
	}
	return 0;
}

static int send_steps(const struct step_list *steps)
{
	struct step *step;

	TAILQ_FOREACH (step, steps, in_list) {
		int r = step_send(step);
		/* -ETOOMANYREFS: the next tick tries again. */
		if (r < 0 && r != -ETOOMANYREFS)
			return r;
	}
	return 0;
}

/* An image is answered for before the first step on it. */
static int send_all(struct pump *pump)
{
	int r = send_image_answer(pump);

	if (r == 0)
		r = send_steps(&pump->steps);
	if (r == 0)
		r = send_steps(&pump->early.steps);
	return r < 0 ? r : send_image_unused(pump);
}

void pump_flush(struct pump *pump)
{
	int r = send_all(pump);

	if (r < 0 && r != -EAGAIN) {
		/* The supervisor is gone, which is the end, though not of our making. */
		log_warning("channel_lost", "error=\"%s\"", strerrordesc_np(-r));
		pump->stop = 1;
		return;
	}
	int full = r == -EAGAIN;
	if (full == pump->channel_full)
		return;
	pump->channel_full = full;
	r = loop_modify(&pump->loop, &pump->channel, full ? EPOLLIN | EPOLLOUT : EPOLLIN);
	if (r < 0)
		pump_fail(pump, error_set(pump->err, r, "pump", "cannot watch the channel"));
}

/* Starts every step that has a slot. */
static void pump_lease(struct pump *pump)
{
	struct job *job;

	for (int kind = 0; kind < STEP_KIND_COUNT; kind++)
		while ((job = service_lease(pump->service, (enum step_kind)kind)) != NULL)
			step_start(pump, job, (enum step_kind)kind);
	pump_flush(pump);
}

/* ---- from the supervisor ---- */

static struct step *step_find(const struct step_list *steps, uint64_t id)
{
	struct step *step;

	TAILQ_FOREACH (step, steps, in_list)
		if (step->id == id)
			break;
	return step;
}

static void pump_step_done(struct pump *pump, const struct ipc_step_done *done, int take_fd)
{
	struct step *early = step_find(&pump->early.steps, done->step_id);
	struct step *step = early ? early : step_find(&pump->steps, done->step_id);

	if (early) {
		early_lost(pump, early);
		fd_close(take_fd);
		return;
	}
	if (!step || !step->sent) {
		/* Given up before: its job has its result. */
		log_warning("late_step", "step=%llu", (unsigned long long)done->step_id);
		fd_close(take_fd);
		return;
	}
	if (done->error_code)
		log_error("step_failed", "job=%s outcome=%s step=%s error=\"%s\"",
			  job_id(step->job), outcome_name((enum outcome)done->outcome),
			  done->error_step, done->error_text);
	step_done(step, done, take_fd);
	pump_lease(pump);
}

static void pump_image(struct pump *pump, uint64_t generation, int take_fd)
{
	_cleanup_fd_ int fd = take_fd;
	struct ipc_message *answer = &pump->image_answer;
	struct manifest *manifest;
	struct error err = {0};

	int r = manifest_read(fd, generation, &manifest, &err);
	if (r == 0)
		r = service_use_manifest(pump->service, manifest, &err);
	if (r == 0) {
		*answer = (struct ipc_message){.type = IPC_IMAGE_READY,
					       .image_ready.generation = generation};
	} else {
		*answer = (struct ipc_message){.type = IPC_IMAGE_REFUSED,
					       .image_refused.generation = generation};
		snprintf(answer->image_refused.text, sizeof(answer->image_refused.text), "%s",
			 err.text);
	}
	pump->has_image_answer = 1;
	if (r == 0)
		early_use_manifest(pump, manifest);
	pump_flush(pump);
}

static void channel_readable(struct pump *pump)
{
	struct ipc_message message;
	int fds[IPC_FDS_MAX];
	int r = channel_receive(pump->channel.fd, IPC_SUPERVISOR, IPC_SERVING, &message, fds,
				pump->err);

	if (r == -EAGAIN)
		return;
	if (r < 0) {
		pump_fail(pump, r);
		return;
	}
	if (r == 0) {
		log_warning("channel_lost", "error=\"the supervisor has gone\"");
		pump->stop = 1;
	} else if (message.type == IPC_STEP_DONE) {
		pump_step_done(pump, &message.step_done, fds[0]);
	} else if (message.type == IPC_IMAGE) {
		pump_image(pump, message.image.generation, fds[0]);
	} else if (message.type == IPC_MEMORY) {
		service_memory(pump->service, (int)message.memory.is_short);
		pump_lease(pump);
	} else {
		pump->stop = 1; /* STOP: no other message may come in this state */
	}
}

static void channel_ready(struct loop_source *source, uint32_t events)
{
	struct pump *pump = source->owner;

	if (events & ~(uint32_t)EPOLLOUT)
		channel_readable(pump);
	if (!pump->stop && (events & EPOLLOUT))
		pump_flush(pump);
}

/* ---- from the HTTP threads ---- */

static void pump_attend(struct pump *pump, struct job *job)
{
	service_lock(pump->service);
	int kill = job->kill_asked;
	uint32_t signals = job->signals;
	job->signals = 0;
	service_unlock(pump->service);

	if (job->step && signals && !kill)
		step_signal(job->step, signals);
	if (job->step && kill && job->step->sent)
		step_kill(job->step, OUTCOME_KILLED);
	else if (job->step && !kill) {
		step_feed(job->step);
		step_resume(job->step);
	}
	if (!kill || (job->step && job->step->sent))
		return;
	/* Not started yet: it never will be. */
	if (job->step)
		step_free(job->step);
	service_end_early(pump->service, job, OUTCOME_KILLED, outcome_sentence(OUTCOME_KILLED));
}

static void wake_ready(struct loop_source *source, uint32_t events)
{
	struct pump *pump = source->owner;
	uint64_t count;
	struct job *job;

	(void)events;
	if (read(source->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		pump_fail(pump, error_set(pump->err, -errno, "pump", "cannot read the wake event"));
	while ((job = service_next_attention(pump->service)) != NULL) {
		pump_attend(pump, job);
		job_unref(job);
	}
	pump_lease(pump);
}

static void signals_ready(struct loop_source *source, uint32_t events)
{
	struct pump *pump = source->owner;

	(void)events;
	pump->stop = 1;
}

/* ---- time ---- */

static void pump_expire(struct pump *pump, struct job *job)
{
	log_error("step_lost", "job=%s error=\"its end was not reported in time\"", job_id(job));
	if (job->step && job->step->sent)
		step_kill(job->step, OUTCOME_KILLED);
	if (job->step)
		step_free(job->step);
	service_end_early(pump->service, job, OUTCOME_INTERNAL_ERROR,
			  "The server lost track of this step; this is not the program's fault.");
}

static void pump_tick(struct pump *pump)
{
	struct step *step;
	struct job *job;

	TAILQ_FOREACH (step, &pump->steps, in_list) {
		service_flush(pump->service, step->job);
		step_resume(step);
	}
	while ((job = service_next_expired(pump->service)) != NULL) {
		pump_expire(pump, job);
		job_unref(job);
	}
	pump_lease(pump);
}

/* ---- life ---- */

static int pump_watch(struct pump *pump, struct loop_source *source, int fd,
		      loop_callback *callback)
{
	*source = (struct loop_source){.fd = fd, .callback = callback, .owner = pump};
	return loop_add(&pump->loop, source, EPOLLIN);
}

static int pump_open(struct pump *pump, int channel_fd)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	int signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		return -errno;
	int r = pump_watch(pump, &pump->signals, signal_fd, signals_ready);
	if (r == 0)
		r = fd_set_nonblock(channel_fd, 1);
	if (r == 0)
		r = pump_watch(pump, &pump->channel, channel_fd, channel_ready);
	if (r == 0)
		r = pump_watch(pump, &pump->wake, pump->service->wake_fd, wake_ready);
	return r;
}

static void pump_close(struct pump *pump)
{
	struct step *step;

	while ((step = TAILQ_FIRST(&pump->steps)) != NULL)
		step_free(step);
	early_fini(pump);
	loop_fini(&pump->loop);
	fd_close(pump->signals.fd);
	free(pump);
}

int pump_run(struct service *service, int channel_fd, struct error *err)
{
	struct pump *pump = calloc(1, sizeof(*pump));
	uint64_t tick = 0;

	if (!pump)
		return error_set(err, -ENOMEM, "pump", "cannot start");
	pump->service = service;
	pump->err = err;
	pump->signals.fd = -EBADF;
	TAILQ_INIT(&pump->steps);
	struct manifest *manifest = service_manifest(service);
	early_init(pump, manifest);
	manifest_unref(manifest);
	int r = loop_init(&pump->loop);
	if (r == 0)
		r = pump_open(pump, channel_fd);
	if (r < 0)
		pump_fail(pump, error_set(err, r, "pump", "cannot watch the channel"));
	while (!pump->stop) {
		uint64_t now = clock_monotonic_usec();
		if (now >= tick) {
			pump_tick(pump);
			tick = now + PUMP_TICK_USEC;
		}
		early_tick(pump);
		uint64_t early = early_deadline(pump);
		uint64_t deadline = service_is_busy(service) ? tick : early;
		r = loop_once(&pump->loop, early && early < deadline ? early : deadline);
		if (r < 0)
			pump_fail(pump, error_set(err, r, "pump", "cannot wait"));
	}
	r = pump->failed;
	pump_close(pump);
	return r;
}
