#include "sandbox/cli_session.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "sandbox/cli_forward.h"

struct session {
	struct loop loop;
	struct cell cell;
	struct loop_source ended, signals;
	struct forward in, out, err;
	int has_ended;
	int signal;
	uint64_t wall_deadline_usec, cpu_check_usec;
};

/* The processor time is looked at no more often than this. */
enum { CPU_CHECK_USEC = 10000 };

static void on_ended(struct loop_source *source, uint32_t epoll_events)
{
	struct session *session = source->owner;

	(void)epoll_events;
	session->has_ended = 1;
	loop_remove(&session->loop, source);
}

static void on_signal(struct loop_source *source, uint32_t epoll_events)
{
	struct session *session = source->owner;
	struct signalfd_siginfo info;

	(void)epoll_events;
	if (read(source->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (!session->signal)
		session->signal = (int)info.ssi_signo;
	cell_kill(&session->cell, OUTCOME_KILLED);
}

static int watch_signals(struct session *session)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	session->signals = (struct loop_source){fd, on_signal, session};
	return loop_add(&session->loop, &session->signals, EPOLLIN);
}

/*
 * A terminal or a socket would let the program write, or worse, on what it shall only read: those
 * are forwarded. What can only be read is handed over as it is.
 */
static int stdin_is_harmless(void)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st) < 0 || S_ISREG(st.st_mode))
		return 1; /* closed: the cell gets /dev/null */
	if (S_ISCHR(st.st_mode))
		return st.st_rdev == makedev(1, 3); /* /dev/null */
	return S_ISFIFO(st.st_mode) && (fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY;
}

/* An fd of stdin that can only be read, at the same place. */
static int open_stdin(void)
{
	int flags = fcntl(STDIN_FILENO, F_GETFL);
	int fd;

	if (flags < 0)
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	else if ((flags & O_ACCMODE) == O_RDONLY)
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		fd = open("/proc/self/fd/0", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		lseek(fd, lseek(STDIN_FILENO, 0, SEEK_CUR), SEEK_SET);
	return fd < 0 ? -errno : fd;
}

/* Makes the pipe for one stream and begins to forward. ret_cell_fd: new, the cell's end. */
static int forward_out(struct forward *forward, int to_fd, uint64_t most, int *ret_cell_fd)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int r = forward_start(forward, ends[0], to_fd, 0, most);
	if (r < 0) {
		close(ends[1]);
		return r;
	}
	*ret_cell_fd = ends[1];
	return 0;
}

static int forward_in(struct session *session, int *ret_cell_fd)
{
	int ends[2];

	if (stdin_is_harmless()) {
		int fd = open_stdin();
		if (fd >= 0)
			*ret_cell_fd = fd;
		return fd < 0 ? fd : 0;
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int from = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	int r = forward_start(&session->in, from, ends[1], 1, UINT64_MAX);
	if (r < 0) {
		close(ends[0]);
		return r;
	}
	*ret_cell_fd = ends[0];
	return 0;
}

/* When to look at the processor time next: all processors busy, the limit is not reached before. */
static void plan_cpu_check(struct session *session, uint64_t now)
{
	uint64_t used = cell_cpu_usec(&session->cell), limit = session->cell.limits.cpu_usec;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (used >= limit) {
		cell_kill(&session->cell, OUTCOME_CPU_TIMEOUT);
		session->cpu_check_usec = UINT64_MAX;
		return;
	}
	uint64_t wait = (limit - used) / (processors > 0 ? (uint64_t)processors : 1);
	session->cpu_check_usec = now + (wait > CPU_CHECK_USEC ? wait : CPU_CHECK_USEC);
}

static void check_limits(struct session *session)
{
	uint64_t now = clock_monotonic_usec();

	if (now >= session->wall_deadline_usec) {
		cell_kill(&session->cell, OUTCOME_WALL_TIMEOUT);
		session->wall_deadline_usec = UINT64_MAX;
	}
	if (now >= session->cpu_check_usec)
		plan_cpu_check(session, now);
	if (session->out.truncated || session->err.truncated)
		cell_kill(&session->cell, OUTCOME_OUTPUT_LIMIT);
}

static uint64_t next_deadline(const struct session *session)
{
	uint64_t wall = session->wall_deadline_usec, cpu = session->cpu_check_usec;
	uint64_t next = wall < cpu ? wall : cpu;

	return next == UINT64_MAX ? 0 : next;
}

/* Until the cell has ended and its output has been passed on, or a signal says not to wait for
 * that. */
static int follow(struct session *session)
{
	while (!session->has_ended || (!session->signal && !(forward_is_done(&session->out) &&
							     forward_is_done(&session->err)))) {
		int r = loop_once(&session->loop, session->has_ended ? 0 : next_deadline(session));
		if (r < 0)
			return r;
		if (!session->has_ended)
			check_limits(session);
	}
	return 0;
}

static int launch_with_streams(struct session *session, struct cell_host *host,
			       struct cell_launch *launch, struct error *err)
{
	_cleanup_fd_ int in = -EBADF, out = -EBADF, errors = -EBADF;
	uint64_t most = launch->limits.output_bytes;

	int r = forward_in(session, &in);
	if (r == 0)
		r = forward_out(&session->out, STDOUT_FILENO, most, &out);
	if (r == 0)
		r = forward_out(&session->err, STDERR_FILENO, most, &errors);
	if (r < 0)
		return error_set(err, r, "streams", "cannot connect the cell's streams");
	launch->stdin_fd = in;
	launch->stdout_fd = out;
	launch->stderr_fd = errors;
	r = cell_launch(host, launch, &session->cell, err);
	if (r < 0)
		return r;
	session->ended = (struct loop_source){session->cell.report_fd, on_ended, session};
	r = loop_add(&session->loop, &session->ended, EPOLLIN);
	return r < 0 ? error_set(err, r, "streams", "cannot watch the cell") : 0;
}

static void session_fini(struct session *session)
{
	forward_fini(&session->in);
	forward_fini(&session->out);
	forward_fini(&session->err);
	fd_close(session->signals.fd);
	loop_fini(&session->loop);
}

static int session_init(struct session *session, char buffers[][FORWARD_ROOM], struct error *err)
{
	session->cell = CELL_NONE;
	session->signals.fd = -EBADF;
	forward_init(&session->in, &session->loop, buffers[STDIN_FILENO]);
	forward_init(&session->out, &session->loop, buffers[STDOUT_FILENO]);
	forward_init(&session->err, &session->loop, buffers[STDERR_FILENO]);
	int r = loop_init(&session->loop);
	if (r == 0)
		r = watch_signals(session);
	return r < 0 ? error_set(err, r, "streams", "cannot make the event loop") : 0;
}

static struct cli_stream stream_of(const struct forward *forward, uint64_t most)
{
	return (struct cli_stream){most - forward->left, forward->truncated};
}

int cli_session_run(struct cell_host *host, struct cell_launch *launch, struct cli_ended *ret_ended,
		    struct error *err)
{
	struct session one = {0}, *session = &one;
	/* Of a process that runs one session. Pages that nothing goes through cost nothing here;
	 * on the stack they are probed, and to give them back takes both processors. */
	static char buffers[STDERR_FILENO + 1][FORWARD_ROOM];

	int r = session_init(session, buffers, err);
	if (r == 0)
		r = launch_with_streams(session, host, launch, err);
	if (session->cell.pid > 0) {
		session->wall_deadline_usec = session->cell.started_usec + launch->limits.wall_usec;
		session->cpu_check_usec = session->cell.started_usec;
		if (r == 0)
			r = follow(session);
		if (r < 0)
			cell_kill(&session->cell, OUTCOME_INTERNAL_ERROR);
		cell_collect(host, &session->cell, &ret_ended->result);
		ret_ended->out = stream_of(&session->out, launch->limits.output_bytes);
		ret_ended->err = stream_of(&session->err, launch->limits.output_bytes);
		ret_ended->signal = session->signal;
		r = 0;
	}
	session_fini(session);
	return r;
}
