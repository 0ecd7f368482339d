#include "supervisor/steps.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "base/bundle.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "ipc/channel.h"
#include "supervisor/step_done.h"

/* Processor time is looked at this often; a step's overshoot is bounded by it. */
enum { CHECK_USEC = 50 * 1000 };
/* A run that has burnt this much steps behind those that have not. */
enum { LOWER_WEIGHT_USEC = 200 * 1000 };

enum step_state { STEP_RUNNING, STEP_ENDED };

struct step {
	struct step *next;
	struct steps *steps;
	enum step_state state;
	enum step_kind kind;
	struct image *image; /* in use while it runs */
	uint64_t id;
	int abandoned;
	int weight_lowered;
	int was_ready;			/* its cell had been made before */
	uint64_t asked_usec, cell_usec; /* when it was asked for, how long until the cell had it */
	uint64_t wall_deadline_usec;
	struct limits limits;
	struct cell cell;
	struct loop_source ended; /* the cell's pidfd */
	struct cell_result result;
};

int steps_init(struct steps *steps, struct loop *loop, struct cell_host *host,
	       struct images *images, const struct options *options)
{
	*steps = (struct steps){.loop = loop, .host = host, .images = images, .options = options};
	pool_init(&steps->pool, loop, host);
	steps->no_artefact_fd = memfd_new_sealed("artefact", "", 0);
	return steps->no_artefact_fd < 0 ? steps->no_artefact_fd : 0;
}

void steps_fini(struct steps *steps)
{
	assert(steps_idle(steps));
	steps_abandon(steps);
	pool_fini(&steps->pool);
	steps->no_artefact_fd = fd_close(steps->no_artefact_fd);
}

static struct step *step_find(struct steps *steps, uint64_t id)
{
	for (struct step *step = steps->first; step; step = step->next)
		if (step->id == id && !step->abandoned)
			return step;
	return NULL;
}

static void step_drop(struct steps *steps, struct step *step)
{
	struct step **link = &steps->first;

	while (*link != step)
		link = &(*link)->next;
	*link = step->next;
	fd_close(step->result.artefact_fd);
	free(step);
}

/* The one place where a step goes from running to ended. */
static void step_end(struct step *step)
{
	struct steps *steps = step->steps;

	step->state = STEP_ENDED;
	image_leave(steps->images, step->image);
	if (!step->abandoned) {
		steps->running[step->kind]--;
		return;
	}
	steps->dying--;
	step_drop(steps, step);
}

static void on_cell_ended(struct loop_source *source, uint32_t events)
{
	struct step *step = source->owner;

	(void)events;
	loop_remove(step->steps->loop, source);
	cell_collect(step->steps->host, &step->cell, &step->result);
	step_end(step);
}

static int fd_is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

static int fd_is_sealed_up_to(int fd, uint64_t most)
{
	struct stat st;

	return memfd_is_sealed(fd) == 1 && fstat(fd, &st) == 0 && (uint64_t)st.st_size <= most;
}

/* What the front end hands over must be what the protocol says, and nothing that could stall us. */
static int fds_check(const struct ipc_step_start *start, const int *fds,
		     const struct options *options, struct error *err)
{
	if (!fd_is_sealed_up_to(fds[0], BUNDLE_BYTES_MAX))
		return error_set_plain(err, -EBADMSG, "step", "the bundle is not a sealed memfd");
	if (!fd_is_pipe(fds[1]) || !fd_is_pipe(fds[2]) || !fd_is_pipe(fds[3]))
		return error_set_plain(err, -EBADMSG, "step",
				       "stdin, stdout or stderr is not a pipe");
	if (start->has_artefact &&
	    !fd_is_sealed_up_to(fds[4], options->compile_limits.artefact_bytes))
		return error_set_plain(err, -EBADMSG, "step", "the artefact is not a sealed memfd");
	return 0;
}

static struct limits limits_granted(const struct ipc_step_start *start,
				    const struct options *options)
{
	struct limits ceiling =
		start->kind == STEP_COMPILE ? options->compile_limits : options->run_limits;
	struct limits limits = start->limits;

	if (start->interactive && start->kind == STEP_RUN)
		ceiling.wall_usec = options->interactive_wall_usec;
	limits_clamp(&limits, &ceiling);
	return limits;
}

/* A step that never got a cell ends at once, with the reason. Takes err's words. */
static void step_refuse(struct step *step, const struct error *err)
{
	step->result = (struct cell_result){
		.outcome = OUTCOME_REFUSED,
		.artefact_fd = -EBADF,
		.error = *err,
	};
	log_warning("step_refused", "id=%llu step=%s error=%d text=%s",
		    (unsigned long long)step->id, err->step, -err->code, err->text);
	step_end(step);
}

/* A ready cell, or one of its own. Where ids or processes are few, the ready ones give way. */
static int step_get_cell(struct step *step, const struct cell_launch *launch, struct error *err)
{
	struct steps *steps = step->steps;

	step->was_ready = pool_take(&steps->pool, launch->profile, launch->image, &step->cell);
	if (step->was_ready)
		return cell_begin(steps->host, &step->cell, launch, err);
	int r = cell_launch(steps->host, launch, &step->cell, err);
	if (r != -EAGAIN)
		return r;
	pool_fini(&steps->pool);
	return cell_launch(steps->host, launch, &step->cell, err);
}

static void step_launch(struct step *step, const struct ipc_step_start *start, const int *fds)
{
	struct steps *steps = step->steps;
	unsigned slots = step->kind == STEP_COMPILE ? steps->options->compile_slots
						    : steps->options->run_slots;
	struct cell_launch launch = {
		.profile = step->kind == STEP_COMPILE ? CELL_COMPILE : CELL_RUN,
		.image = image_number(step->image),
		.limits = step->limits,
		.bundle_fd = fds[0],
		.stdin_fd = fds[1],
		.stdout_fd = fds[2],
		.stderr_fd = fds[3],
		.artefact_in_fd = start->has_artefact ? fds[4] : -EBADF,
		.fail_at_step = -1,
	};
	struct error err = {0};
	int r = 0;

	if (steps->running[step->kind] > slots)
		r = error_set_plain(&err, -EBUSY, "admission", "all %u slots are taken", slots);
	if (r == 0)
		r = step_get_cell(step, &launch, &err);
	if (r < 0) {
		step_refuse(step, &err);
		return;
	}
	step->cell_usec = clock_monotonic_usec() - step->asked_usec;
	step->wall_deadline_usec = step->cell.started_usec + step->limits.wall_usec;
	step->ended = (struct loop_source){
		.fd = step->cell.pidfd, .callback = on_cell_ended, .owner = step};
	r = loop_add(steps->loop, &step->ended, EPOLLIN);
	if (r < 0) {
		/* Without a watch nobody would see it end: end it now, here, and wait for that. */
		cell_kill(&step->cell, OUTCOME_INTERNAL_ERROR);
		cell_collect(steps->host, &step->cell, &step->result);
		step_end(step);
	}
}

int steps_start(struct steps *steps, const struct ipc_step_start *start, const int *fds,
		struct error *err)
{
	if (step_find(steps, start->step_id))
		return error_set_plain(err, -EBADMSG, "step", "a step id was used twice");
	struct image *image = images_find(steps->images, start->generation);
	if (!image)
		return error_set_plain(err, -EBADMSG, "step",
				       "a step on an image that it was not given, or gave up");
	int r = fds_check(start, fds, steps->options, err);
	if (r < 0)
		return r;
	struct step *step = calloc(1, sizeof(*step));
	if (!step)
		return error_set(err, -ENOMEM, "step", "cannot take another step");
	*step = (struct step){
		.next = steps->first,
		.steps = steps,
		.state = STEP_RUNNING,
		.kind = (enum step_kind)start->kind,
		.image = image,
		.id = start->step_id,
		.asked_usec = clock_monotonic_usec(),
		.limits = limits_granted(start, steps->options),
		.cell = CELL_NONE,
		.result = {.artefact_fd = -EBADF},
	};
	steps->first = step;
	image_use(image);
	steps->running[step->kind]++;
	if (!steps->next_check_usec)
		steps->next_check_usec = clock_monotonic_usec() + CHECK_USEC;
	step_launch(step, start, fds);
	return 0;
}

void steps_kill(struct steps *steps, const struct ipc_step_kill *kill)
{
	struct step *step = step_find(steps, kill->step_id);

	if (step && step->state == STEP_RUNNING)
		cell_kill(&step->cell, kill->outcome == OUTCOME_OUTPUT_LIMIT ? OUTCOME_OUTPUT_LIMIT
									     : OUTCOME_KILLED);
}

void steps_abandon(struct steps *steps)
{
	struct step *next;

	for (struct step *step = steps->first; step; step = next) {
		next = step->next;
		if (step->abandoned)
			continue;
		step->abandoned = 1;
		if (step->state == STEP_ENDED) {
			step_drop(steps, step);
			continue;
		}
		/* It holds no slot any more: the next front end believes that all of them are free.
		 */
		steps->running[step->kind]--;
		steps->dying++;
		cell_kill(&step->cell, OUTCOME_KILLED);
	}
}

static void step_check_cpu(struct step *step)
{
	uint64_t used = cell_cpu_usec(&step->cell);

	if (used > step->limits.cpu_usec)
		cell_kill(&step->cell, OUTCOME_CPU_TIMEOUT);
	if (step->kind == STEP_RUN && !step->weight_lowered && used > LOWER_WEIGHT_USEC) {
		cell_lower_weight(&step->cell);
		step->weight_lowered = 1;
	}
}

void steps_check(struct steps *steps)
{
	uint64_t now = clock_monotonic_usec();
	int look_at_cpu = steps->next_check_usec && now >= steps->next_check_usec;
	int any = 0;

	for (struct step *step = steps->first; step; step = step->next) {
		any = 1; /* an ended one too: what steps_flush() could not send, it tries again */
		if (step->state != STEP_RUNNING)
			continue;
		if (now >= step->wall_deadline_usec)
			cell_kill(&step->cell, OUTCOME_WALL_TIMEOUT);
		else if (look_at_cpu)
			step_check_cpu(step);
	}
	if (!any)
		steps->next_check_usec = 0;
	else if (look_at_cpu)
		steps->next_check_usec = now + CHECK_USEC;
}

uint64_t steps_deadline(const struct steps *steps)
{
	uint64_t deadline = steps->next_check_usec;

	for (const struct step *step = steps->first; step; step = step->next)
		if (step->state == STEP_RUNNING && !step->cell.kill_asked &&
		    step->wall_deadline_usec < deadline)
			deadline = step->wall_deadline_usec;
	return deadline;
}

int steps_flush(struct steps *steps, int channel_fd)
{
	struct step *next;

	for (struct step *step = steps->first; step; step = next) {
		next = step->next;
		if (step->state != STEP_ENDED)
			continue;
		struct ipc_message message = step_done_message(step->id, &step->result);
		message.step_done.cell_usec = step->cell_usec;
		message.step_done.was_ready = step->was_ready != 0;
		const int *artefact_fd = step->result.artefact_fd < 0 ? &steps->no_artefact_fd
								      : &step->result.artefact_fd;
		int r = channel_send(channel_fd, &message, artefact_fd);
		if (r == -ETOOMANYREFS)
			continue;
		if (r == -EAGAIN)
			return 1;
		if (r < 0)
			return r;
		step_drop(steps, step);
	}
	return 0;
}

int steps_idle(const struct steps *steps)
{
	return steps->dying == 0 && steps->running[STEP_COMPILE] == 0 &&
	       steps->running[STEP_RUN] == 0;
}
