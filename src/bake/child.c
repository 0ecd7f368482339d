#include "bake/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bake/confined.h"
#include "base/clock.h"
#include "base/fd.h"

enum {
	TICK_MSEC = 100,
	GRACE_USEC = 5000000, /* between asking a tool to end and killing it */
	CHILD_ENV_MAX = 512,
	DRAIN_READS_MAX = 64, /* after the tool's end, of what a stray grandchild may still print */
};

/* One of the child's outputs while it runs. */
struct child_stream {
	int fd;
	char line[CHILD_LINE_MAX];
	size_t used;
};

struct child_run {
	const struct child_spec *spec;
	struct child_result *result;
	pid_t pid;
	struct child_stream streams[2]; /* stdout, stderr */
	size_t capture_room;
	int failed; /* why it is being ended, 0 while it runs freely */
};

static void ending_signals(sigset_t *ret_set)
{
	sigemptyset(ret_set);
	sigaddset(ret_set, SIGINT);
	sigaddset(ret_set, SIGTERM);
	sigaddset(ret_set, SIGHUP);
}

void child_block_signals(void)
{
	sigset_t set;

	ending_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int child_interrupted(struct error *err)
{
	sigset_t pending;

	if (sigpending(&pending) < 0 ||
	    !(sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
	      sigismember(&pending, SIGHUP) == 1))
		return 0;
	return error_set_plain(err, -EINTR, "interrupted",
			       "interrupted; what was finished stays in the cache");
}

/* The child's environment: ours, with spec's in front where names are the same. Borrows all texts.
 */
static int make_env(const struct child_spec *spec, char *ret_env[CHILD_ENV_MAX])
{
	size_t n = 0;

	for (size_t i = 0; spec->env && spec->env[i]; i++) {
		if (n + 1 >= CHILD_ENV_MAX)
			return -E2BIG;
		ret_env[n++] = (char *)spec->env[i];
	}
	size_t own = n;
	for (size_t i = 0; environ[i]; i++) {
		size_t name = strcspn(environ[i], "=") + 1;
		int hidden = 0;
		for (size_t k = 0; k < own; k++)
			hidden |= strncmp(ret_env[k], environ[i], name) == 0;
		if (hidden)
			continue;
		if (n + 1 >= CHILD_ENV_MAX)
			return -E2BIG;
		ret_env[n++] = environ[i];
	}
	ret_env[n] = NULL;
	return 0;
}

/* In the child, as child_exec(). Returns 0, or -1 with errno. */
static int jail_enter(const struct child_jail *jail)
{
	const struct rlimit limit = {jail->file_bytes_max, jail->file_bytes_max};

	if (chown(jail->folder, CONFINED_ID, CONFINED_ID) < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(jail->folder, jail->at, NULL, MS_BIND, NULL) < 0 || chdir(jail->at) < 0)
		return -1;
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(CONFINED_ID, CONFINED_ID, CONFINED_ID) < 0 ||
	    setresuid(CONFINED_ID, CONFINED_ID, CONFINED_ID) < 0)
		return -1;
	/* The change of id has cleared the first. */
	return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -1 : prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* In the child, after fork: async-signal-safe calls only. Reports an errno on error_fd and ends. */
static _Noreturn void child_exec(const struct child_spec *spec, char *const *env, pid_t parent,
				 const int out_fds[2], int error_fd)
{
	sigset_t none;
	int in_fd = open(spec->input ? spec->input : "/dev/null", O_RDONLY);

	sigemptyset(&none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && setpgid(0, 0) == 0 &&
	    in_fd >= 0 && dup2(in_fd, STDIN_FILENO) >= 0 && dup2(out_fds[0], STDOUT_FILENO) >= 0 &&
	    dup2(out_fds[1], STDERR_FILENO) >= 0 && (!spec->cwd || chdir(spec->cwd) == 0) &&
	    (!spec->jail || jail_enter(spec->jail) == 0) &&
	    (spec->keep_fd < 0 || fcntl(spec->keep_fd, F_SETFD, 0) == 0) &&
	    sigprocmask(SIG_SETMASK, &none, NULL) == 0)
		execvpe(spec->argv[0], (char *const *)spec->argv, env);
	int code = errno;
	ssize_t n = write(error_fd, &code, sizeof(code));
	_exit(n == (ssize_t)sizeof(code) ? 127 : 126);
}

/* Starts the child; fills in run->pid and the streams. */
static int child_start(struct child_run *run, struct error *err)
{
	const char *name = run->spec->argv[0];
	char *env[CHILD_ENV_MAX];
	int out[2], errs[2], failure[2];

	int r = make_env(run->spec, env);
	if (r < 0)
		return error_set(err, r, "start", "cannot start %s", name);
	if (pipe2(out, O_CLOEXEC) < 0)
		return error_set(err, -errno, "start", "cannot start %s", name);
	_cleanup_fd_ int out_read = out[0], out_write = out[1];
	if (pipe2(errs, O_CLOEXEC) < 0)
		return error_set(err, -errno, "start", "cannot start %s", name);
	_cleanup_fd_ int err_read = errs[0], err_write = errs[1];
	if (pipe2(failure, O_CLOEXEC) < 0)
		return error_set(err, -errno, "start", "cannot start %s", name);
	_cleanup_fd_ int failure_read = failure[0], failure_write = failure[1];

	pid_t parent = getpid();
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		return error_set(err, -errno, "start", "cannot start %s", name);
	if (pid == 0)
		child_exec(run->spec, env, parent, (const int[2]){out_write, err_write},
			   failure_write);
	failure_write = fd_close(failure_write);

	int code = 0;
	ssize_t n;
	do
		n = read(failure_read, &code, sizeof(code));
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(code)) {
		waitpid(pid, NULL, 0);
		return error_set(err, -code, "start", "cannot start %s", name);
	}
	fd_set_nonblock(out_read, 1);
	fd_set_nonblock(err_read, 1);
	run->pid = pid;
	run->streams[0].fd = TAKE_FD(out_read);
	run->streams[1].fd = TAKE_FD(err_read);
	return 0;
}

/* Keeps the end of what was printed: the oldest whole lines go first. */
static void tail_add(struct child_result *result, const char *line)
{
	size_t used = strlen(result->tail), len = strlen(line);

	while (used + len + 2 > sizeof(result->tail)) {
		char *end = strchr(result->tail, '\n');
		size_t drop = end ? (size_t)(end - result->tail) + 1 : used;
		memmove(result->tail, result->tail + drop, used - drop + 1);
		used -= drop;
	}
	snprintf(result->tail + used, sizeof(result->tail) - used, "%s\n", line);
}

static void stream_line(struct child_run *run, struct child_stream *stream)
{
	stream->line[stream->used] = '\0';
	if (stream->used > 0) {
		tail_add(run->result, stream->line);
		if (run->spec->line)
			run->spec->line(run->spec->owner, stream->line);
	}
	stream->used = 0;
}

/* Cuts what was read into lines; a carriage return ends one too (redrawn progress lines). */
static void stream_feed(struct child_run *run, struct child_stream *stream, const char *data,
			size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' || data[i] == '\r')
			stream_line(run, stream);
		else if (stream->used + 1 < sizeof(stream->line))
			stream->line[stream->used++] = data[i] ? data[i] : '?';
	}
}

static int capture(struct child_run *run, const char *data, size_t len)
{
	struct child_result *result = run->result;

	if (result->stdout_len + len > CHILD_CAPTURE_MAX)
		return -EFBIG;
	if (result->stdout_len + len + 1 > run->capture_room) {
		size_t room = (result->stdout_len + len + 1) * 2;
		char *grown = realloc(result->stdout_data, room);
		if (!grown)
			return -ENOMEM;
		result->stdout_data = grown;
		run->capture_room = room;
	}
	memcpy(result->stdout_data + result->stdout_len, data, len);
	result->stdout_len += len;
	result->stdout_data[result->stdout_len] = '\0';
	return 0;
}

/* Reads once. Returns 1 when there may be more, 0 when there is nothing now, and closes at the end.
 */
static int stream_read(struct child_run *run, struct child_stream *stream)
{
	char chunk[16384];
	ssize_t n = read(stream->fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return errno == EINTR;
	if (n <= 0) {
		stream_line(run, stream);
		stream->fd = fd_close(stream->fd);
		return 0;
	}
	if (stream == &run->streams[0] && run->spec->capture_stdout) {
		int r = capture(run, chunk, (size_t)n);
		if (r < 0 && run->failed == 0)
			run->failed = r;
	} else {
		stream_feed(run, stream, chunk, (size_t)n);
	}
	return 1;
}

static void wait_for_output(struct child_run *run)
{
	struct pollfd polls[2];

	for (size_t i = 0; i < 2; i++)
		polls[i] = (struct pollfd){.fd = run->streams[i].fd, .events = POLLIN};
	if (poll(polls, 2, TICK_MSEC) <= 0)
		return;
	for (size_t i = 0; i < 2; i++)
		if (polls[i].revents)
			stream_read(run, &run->streams[i]);
}

/* Runs until the child has ended; asks it to end when something went wrong, then kills it. */
static int child_loop(struct child_run *run, struct error *err)
{
	uint64_t deadline = clock_monotonic_usec() + run->spec->wall_usec, kill_at = 0;
	int status;

	for (;;) {
		wait_for_output(run);
		if (run->spec->line)
			run->spec->line(run->spec->owner, NULL);
		pid_t ended = waitpid(run->pid, &status, WNOHANG);
		if (ended == run->pid)
			break;
		uint64_t now = clock_monotonic_usec();
		if (run->failed == 0 && child_interrupted(err) < 0)
			run->failed = -EINTR;
		if (run->failed == 0 && now > deadline)
			run->failed = -ETIMEDOUT;
		if (run->failed && kill_at == 0) {
			kill(-run->pid, SIGTERM);
			kill_at = now + GRACE_USEC;
		} else if (run->failed && now > kill_at) {
			kill(-run->pid, SIGKILL);
		}
	}
	kill(-run->pid, SIGKILL); /* what it left behind in its group */
	for (size_t i = 0; i < 2; i++)
		for (int k = 0; k < DRAIN_READS_MAX && run->streams[i].fd >= 0; k++)
			if (!stream_read(run, &run->streams[i]))
				break;
	run->result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return run->failed;
}

int child_run(const struct child_spec *spec, struct child_result *ret_result, struct error *err)
{
	struct child_run run = {.spec = spec, .result = ret_result};

	*ret_result = (struct child_result){.exit_code = 127};
	run.streams[0].fd = run.streams[1].fd = -EBADF;
	int r = child_start(&run, err);
	if (r < 0)
		return r;
	r = child_loop(&run, err);
	for (size_t i = 0; i < 2; i++) {
		stream_line(&run, &run.streams[i]);
		run.streams[i].fd = fd_close(run.streams[i].fd);
	}
	if (r < 0 && r != -EINTR)
		return error_set(err, r, "run", "%s was ended", spec->argv[0]);
	return r;
}

void child_result_fini(struct child_result *result)
{
	free(result->stdout_data);
	result->stdout_data = NULL;
}
