#include "front/pump_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/fd.h"

/*
 * A step's three pipes. Our ends do not block; a stream of output that is on hold is not watched,
 * let alone read, so the program blocks once the pipe is full. Its end is not told either then:
 * STEP_DONE is, and by then what is in the pipes is all there is.
 */

static void pipe_close(struct step_pipe *pipe)
{
	if (pipe->source.fd < 0)
		return;
	loop_remove(&pipe->step->pump->loop, &pipe->source);
	pipe->source.fd = fd_close(pipe->source.fd);
}

static void pipe_hold(struct step_pipe *pipe)
{
	if (pipe->watched)
		loop_remove(&pipe->step->pump->loop, &pipe->source);
	pipe->watched = 0;
}

static void pipe_resume(struct step_pipe *pipe)
{
	struct step *step = pipe->step;

	if (pipe->source.fd < 0 || pipe->watched ||
	    !service_may_read(step->pump->service, step->job, pipe->stream))
		return;
	/* Without memory for it the next tick tries again. */
	if (loop_add(&step->pump->loop, &pipe->source, EPOLLIN) == 0)
		pipe->watched = EPOLLIN;
}

void step_resume(struct step *step)
{
	for (int stream = 1; stream <= 2; stream++)
		pipe_resume(&step->pipes[stream]);
}

/* Reads what a stream has now. Returns 1 when there may be more, 0 when there is none. */
static int pipe_read(struct step_pipe *pipe)
{
	struct step *step = pipe->step;
	struct pump *pump = step->pump;
	ssize_t n = read(pipe->source.fd, pump->buffer, sizeof(pump->buffer));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return errno == EINTR;
	if (n <= 0) {
		pipe_close(pipe);
		return 0;
	}
	enum output_way way = service_output(pump->service, step->job, step->cookie, step->kind,
					     pipe->stream, pump->buffer, (size_t)n);
	if (way == OUTPUT_HOLD)
		pipe_hold(pipe);
	if (way == OUTPUT_HOLD || way == OUTPUT_GO_ON)
		return 1;
	/* Nothing more is read: a cell that goes on printing blocks until it is killed. */
	pipe_close(pipe);
	if (way == OUTPUT_CUT) {
		step->over_limit = 1;
		step_kill(step, OUTCOME_OUTPUT_LIMIT);
	}
	return 0;
}

static void pipe_readable(struct loop_source *source, uint32_t events)
{
	(void)events;
	pipe_read(source->owner);
}

static void stdin_ready(struct loop_source *source, uint32_t events)
{
	struct step_pipe *pipe = source->owner;
	struct step *step = pipe->step;

	if (!(events & EPOLLERR)) {
		step_feed(step);
		return;
	}
	/* The cell has closed its end. */
	service_lock(step->pump->service);
	job_stdin_broken_locked(step->job);
	service_unlock(step->pump->service);
	pipe_close(pipe);
}

void step_feed(struct step *step)
{
	struct step_pipe *pipe = &step->pipes[0];

	if (step->kind != STEP_RUN || pipe->source.fd < 0)
		return;
	service_lock(step->pump->service);
	enum job_feed feed = job_feed_locked(step->job, pipe->source.fd);
	service_unlock(step->pump->service);
	/* EPOLLERR is always told, so an idle pipe stays watched for its end. */
	uint32_t watch = feed == JOB_FEED_MORE ? EPOLLOUT : 0;
	if (feed == JOB_FEED_END)
		pipe_close(pipe);
	else if (watch != pipe->watched &&
		 loop_modify(&step->pump->loop, &pipe->source, watch) == 0)
		pipe->watched = watch;
}

static int pipe_open(struct step *step, int stream)
{
	struct step_pipe *pipe = &step->pipes[stream];
	int ours = stream == 0 ? 1 : 0;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	step->cell_fds[stream] = fds[1 - ours];
	pipe->source.fd = fds[ours];
	pipe->source.callback = stream == 0 ? stdin_ready : pipe_readable;
	pipe->source.owner = pipe;
	if (stream > 0 || step->kind != STEP_COMPILE)
		return fd_set_nonblock(fds[ours], 1);
	/* A compiler reads no stdin. */
	pipe->source.fd = fd_close(pipe->source.fd);
	return 0;
}

int step_open_pipes(struct step *step)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 3; i++)
		r = pipe_open(step, i);
	return r;
}

int step_watch_pipes(struct step *step)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 3; i++) {
		struct step_pipe *pipe = &step->pipes[i];
		pipe->watched = i == 0 ? 0 : EPOLLIN;
		if (pipe->source.fd >= 0)
			r = loop_add(&step->pump->loop, &pipe->source, pipe->watched);
	}
	return r;
}

void step_drain_pipes(struct step *step)
{
	for (int i = 1; i < 3; i++)
		while (step->pipes[i].source.fd >= 0 && pipe_read(&step->pipes[i]))
			;
}

void step_close_pipes(struct step *step)
{
	for (int i = 0; i < 3; i++)
		pipe_close(&step->pipes[i]);
}
