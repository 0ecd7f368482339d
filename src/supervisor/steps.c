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
#include "supervisor/host_memory.h"
#include "supervisor/step_done.h"

/* Processor time is looked at this often; a step's overshoot is bounded by it. */
enum { CHECK_USEC = 50 * 1000 };
/* A run that has burnt this much steps behind those that have not. */
enum { BEHIND_USEC = 200 * 1000 };

/* An early step that nobody feeds ends after this; while there are any, memory is looked at. */
enum { EARLY_MAX_USEC = 150 * 1000 * 1000, MEMORY_USEC = 2 * 1000 * 1000 };

enum step_state { STEP_EARLY, STEP_RUNNING, STEP_ENDED };

struct step {
	struct step *next;
	struct steps *steps;
	enum step_state state;
	enum step_kind kind;
	struct image *image; /* in use while it runs */
	uint64_t id;
	int abandoned;
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
	pool_init(&steps->pool, loop, host, options->memory_reserve_bytes);
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

/* Which slots a step that has not ended holds one of. */
static unsigned *step_slots(struct step *step)
{
	return step->state == STEP_EARLY ? &step->steps->early : &step->steps->running[step->kind];
}

/* The one place where a step goes to ended. */
static void step_end(struct step *step)
{
	struct steps *steps = step->steps;
	unsigned *slots = step_slots(step);

	step->state = STEP_ENDED;
	image_leave(steps->images, step->image);
	if (!step->abandoned) {
		--*slots;
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
	/* However it ended, nothing of a job's was in it. */
	if (step->state == STEP_EARLY) {
		step->result.outcome = OUTCOME_REFUSED;
		error_set_plain(&step->result.error, -ECANCELED, "feed",
				"it ended before it was given a job");
	}
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

/* Its size is sealed: what a cell writes to it is bounded. */
static int carry_check(int fd, struct error *err)
{
	if (memfd_is_fixed(fd, CARRY_BYTES_MAX) == 1)
		return 0;
	return error_set_plain(err, -EBADMSG, "step",
			       "the carried folder is not a memfd sealed in its size");
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
	return start->has_carry ? carry_check(fds[5], err) : 0;
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

	/* Nobody waits for an early one: it is a cell made ready itself. */
	step->was_ready = !launch->early &&
			  pool_take(&steps->pool, launch->profile, launch->image, &step->cell);
	if (step->was_ready)
		return cell_begin(steps->host, &step->cell, launch, err);
	int r = cell_launch(steps->host, launch, &step->cell, err);
	if (r != -EAGAIN)
		return r;
	pool_fini(&steps->pool);
	return cell_launch(steps->host, launch, &step->cell, err);
}

static unsigned step_slots_most(const struct step *step)
{
	const struct options *options = step->steps->options;

	if (step->state == STEP_EARLY)
		return options->early_slots;
	return step->kind == STEP_COMPILE ? options->compile_slots : options->run_slots;
}

static void step_launch(struct step *step, const struct ipc_step_start *start, const int *fds)
{
	struct steps *steps = step->steps;
	unsigned slots = step_slots_most(step);
	struct cell_launch launch = {
		.profile = step->kind == STEP_COMPILE ? CELL_COMPILE : CELL_RUN,
		.image = image_number(step->image),
		.limits = step->limits,
		.early = step->state == STEP_EARLY,
		.bundle_fd = fds[0],
		.stdin_fd = fds[1],
		.stdout_fd = fds[2],
		.stderr_fd = fds[3],
		.artefact_in_fd = start->has_artefact ? fds[4] : -EBADF,
		.carry_fd = start->has_carry ? fds[5] : -EBADF,
		.fail_at_step = -1,
	};
	struct error err = {0};
	int r = 0;

	if (*step_slots(step) > slots)
		r = error_set_plain(&err, -EBUSY, "admission", "all %u slots are taken", slots);
	else if (step->state == STEP_EARLY &&
		 host_memory_is_below(steps->options->memory_reserve_bytes))
		r = error_set_plain(&err, -EAGAIN, "admission", "the host is short of memory");
	if (r == 0)
		r = step_get_cell(step, &launch, &err);
	if (r < 0) {
		step_refuse(step, &err);
		return;
	}
	step->cell_usec = clock_monotonic_usec() - step->asked_usec;
	step->wall_deadline_usec =
		step->cell.started_usec +
		(step->state == STEP_EARLY ? (uint64_t)EARLY_MAX_USEC : step->limits.wall_usec);
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

static void set_checks(struct steps *steps, const struct step *step)
{
	uint64_t now = clock_monotonic_usec();

	if (step->state == STEP_EARLY && !steps->next_memory_usec)
		steps->next_memory_usec = now + MEMORY_USEC;
	if (step->state != STEP_EARLY && !steps->next_check_usec)
		steps->next_check_usec = now + CHECK_USEC;
}

int steps_start(struct steps *steps, const struct ipc_step_start *start, const int *fds,
		struct error *err)
{
	if (step_find(steps, start->step_id))
		return error_set_plain(err, -EBADMSG, "step", "a step id was used twice");
	if (start->early && (start->kind != STEP_COMPILE || start->has_artefact))
		return error_set_plain(err, -EBADMSG, "step", "only a compile step starts early");
	if (start->has_carry && (start->kind != STEP_COMPILE || start->early))
		return error_set_plain(err, -EBADMSG, "step",
				       "only a compile step with its job carries a folder");
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
		.state = start->early ? STEP_EARLY : STEP_RUNNING,
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
	++*step_slots(step);
	set_checks(steps, step);
	step_launch(step, start, fds);
	return 0;
}

int steps_feed(struct steps *steps, const struct ipc_step_feed *feed, const int *fds,
	       struct error *err)
{
	struct step *step = step_find(steps, feed->step_id);
	struct limits limits = feed->limits;
	uint64_t asked_usec = clock_monotonic_usec();
	struct error why = {0};

	if (!step || step->state == STEP_ENDED)
		return 0;
	if (step->state != STEP_EARLY)
		return error_set_plain(err, -EBADMSG, "step", "a step was fed that is not early");
	if (!fd_is_sealed_up_to(fds[0], BUNDLE_BYTES_MAX))
		return error_set_plain(err, -EBADMSG, "step",
				       "the later bundle is not a sealed memfd");
	int r = feed->has_carry ? carry_check(fds[1], err) : 0;
	if (r < 0)
		return r;
	limits_clamp(&limits, &step->limits);
	/* A slot that the front end takes for free may be one that a step it gave up still holds.
	 */
	r = steps->running[step->kind] < steps->options->compile_slots ? 0 : -EBUSY;
	if (r == 0)
		r = cell_feed(&step->cell, &limits, fds[0], feed->has_carry ? fds[1] : -EBADF,
			      &why);
	if (r < 0) {
		log_warning("not_fed", "id=%llu error=%d text=%s", (unsigned long long)step->id, -r,
			    why.text);
		cell_kill(&step->cell, OUTCOME_KILLED);
		return 0;
	}
	--*step_slots(step);
	step->state = STEP_RUNNING;
	++*step_slots(step);
	step->limits = limits;
	step->was_ready = 1;
	step->cell_usec = clock_monotonic_usec() - asked_usec;
	step->wall_deadline_usec = step->cell.started_usec + limits.wall_usec;
	set_checks(steps, step);
	return 0;
}

void steps_kill(struct steps *steps, const struct ipc_step_kill *kill)
{
	struct step *step = step_find(steps, kill->step_id);

	if (step && step->state != STEP_ENDED)
		cell_kill(&step->cell, kill->outcome == OUTCOME_OUTPUT_LIMIT ? OUTCOME_OUTPUT_LIMIT
									     : OUTCOME_KILLED);
}

void steps_signal(struct steps *steps, const struct ipc_step_signal *signal)
{
	struct step *step = step_find(steps, signal->step_id);

	if (step && step->state == STEP_RUNNING && step->kind == STEP_RUN)
		cell_signal(&step->cell, (int)signal->signal);
}

void steps_abandon(struct steps *steps)
{
	struct step *next;

	steps->memory_told = 0; /* the next front end knows of none */

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
		--*step_slots(step);
		steps->dying++;
		cell_kill(&step->cell, OUTCOME_KILLED);
	}
}

static void step_check_cpu(struct step *step)
{
	uint64_t used = cell_cpu_usec(&step->cell);

	if (used > step->limits.cpu_usec)
		cell_kill(&step->cell, OUTCOME_CPU_TIMEOUT);
	if (step->kind == STEP_RUN && !step->cell.behind && used > BEHIND_USEC)
		cell_put_behind(&step->cell);
}

/* Ends early steps when memory is short; those that have waited too long end by their deadline. */
static void check_memory(struct steps *steps, uint64_t now)
{
	if (!steps->next_memory_usec || now < steps->next_memory_usec)
		return;
	steps->next_memory_usec = steps->early ? now + MEMORY_USEC : 0;
	if (!steps->early || !host_memory_is_below(steps->options->memory_reserve_bytes))
		return;
	for (struct step *step = steps->first; step; step = step->next)
		if (step->state == STEP_EARLY)
			cell_kill(&step->cell, OUTCOME_KILLED);
}

void steps_check(struct steps *steps)
{
	uint64_t now = clock_monotonic_usec();
	int look_at_cpu = steps->next_check_usec && now >= steps->next_check_usec;
	int any = 0;

	check_memory(steps, now);
	for (struct step *step = steps->first; step; step = step->next) {
		/* An ended one too: what steps_flush() could not send, it tries again. */
		any |= step->state != STEP_EARLY;
		if (step->state == STEP_ENDED)
			continue;
		if (now >= step->wall_deadline_usec)
			cell_kill(&step->cell, OUTCOME_WALL_TIMEOUT);
		else if (look_at_cpu && step->state == STEP_RUNNING)
			step_check_cpu(step);
	}
	/* With nothing in hand, what was found last stands until there is something again. */
	if (look_at_cpu && any)
		steps->memory_is_short = host_memory_is_below(steps->options->memory_reserve_bytes);
	if (!any)
		steps->next_check_usec = 0;
	else if (look_at_cpu)
		steps->next_check_usec = now + CHECK_USEC;
}

uint64_t steps_deadline(const struct steps *steps)
{
	uint64_t deadline = steps->next_check_usec;

	if (steps->next_memory_usec && (!deadline || steps->next_memory_usec < deadline))
		deadline = steps->next_memory_usec;
	for (const struct step *step = steps->first; step; step = step->next)
		if (step->state != STEP_ENDED && !step->cell.kill_asked &&
		    step->wall_deadline_usec < deadline)
			deadline = step->wall_deadline_usec;
	return deadline;
}

/* Tells the front end that memory has become short, or is so no more. As steps_flush(). */
static int flush_memory(struct steps *steps, int channel_fd)
{
	struct ipc_message message = {.type = IPC_MEMORY,
				      .memory.is_short = (uint32_t)steps->memory_is_short};

	if (steps->memory_told == steps->memory_is_short)
		return 0;
	int r = channel_send(channel_fd, &message, NULL);
	if (r == 0) {
		steps->memory_told = steps->memory_is_short;
		log_warning(steps->memory_is_short ? "memory_short" : "memory_enough",
			    "reserve_bytes=%llu",
			    (unsigned long long)steps->options->memory_reserve_bytes);
	}
	return r == -EAGAIN ? 1 : r;
}

int steps_flush(struct steps *steps, int channel_fd)
{
	struct step *next;
	int r = flush_memory(steps, channel_fd);

	if (r != 0)
		return r;
	for (struct step *step = steps->first; step; step = next) {
		next = step->next;
		if (step->state != STEP_ENDED)
			continue;
		struct ipc_message message = step_done_message(step->id, &step->result);
		message.step_done.cell_usec = step->cell_usec;
		message.step_done.was_ready = step->was_ready != 0;
		const int *artefact_fd = step->result.artefact_fd < 0 ? &steps->no_artefact_fd
								      : &step->result.artefact_fd;
		r = channel_send(channel_fd, &message, artefact_fd);
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
	return steps->dying == 0 && steps->early == 0 && steps->running[STEP_COMPILE] == 0 &&
	       steps->running[STEP_RUN] == 0;
}
