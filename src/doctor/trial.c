/*
 * Two processes: one changes the user and clones the other into the namespaces, then writes its id
 * maps from outside, as the launcher of cells does. Both report through one pipe, whose end says
 * that all of them are gone.
 */
#include "base/error.h"
#include "doctor/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

enum { TRIAL_WAIT_USEC = 6000000, REAP_TRIES = 200, REAP_PAUSE_NSEC = 5000000 };

static void say(int fd, enum trial_stage stage, int value, int step)
{
	const struct trial_result result = {stage, value, step};

	/* A pipe takes so little whole; when nobody reads it any more, nobody wants it. */
	if (write(fd, &result, sizeof(result)) < 0)
		return;
}

/* A child's first acts: it ends by itself, and with its parent, whatever signals that one blocks.
 */
static int bind_to_parent(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(TRIAL_ALARM_SEC);
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0;
}

static int become(uid_t user)
{
	if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, user, user, user) < 0 ||
	    syscall(SYS_setresuid, user, user, user) < 0)
		return -errno;
	/* Another user's process is not dumpable, and then its files in /proc are root's. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return -errno;
	return bind_to_parent(); /* the change of ids cleared it */
}

static void run_function(const struct trial *trial, int report_fd) __attribute__((noreturn));

static void run_function(const struct trial *trial, int report_fd)
{
	int step = 0;
	int r = trial->function ? trial->function(trial->context, &step) : 0;

	say(report_fd, r < 0 ? TRIAL_FUNCTION : TRIAL_DONE, r, step);
	_exit(0);
}

/* ---- the process in the namespaces ---- */

static void inner_main(const struct trial *trial, const int *go, int report_fd)
	__attribute__((noreturn));

static void inner_main(const struct trial *trial, const int *go, int report_fd)
{
	char byte;

	bind_to_parent();
	close(go[1]);
	if (read(go[0], &byte, 1) != 1)
		_exit(0); /* the ids were not mapped, as has been reported */
	if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0 ||
	    bind_to_parent() < 0) {
		say(report_fd, TRIAL_MAP, -errno, 0);
		_exit(0);
	}
	run_function(trial, report_fd);
}

static int write_proc(pid_t pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* Maps root inside: as root to map_to, like a cell; else to the user itself, all one may. */
static int map_ids(const struct trial *trial, pid_t pid)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];
	int r = 0;

	if (uid == 0)
		uid = gid = trial->map_to;
	else
		r = write_proc(pid, "setgroups", "deny");
	if (r < 0 && r != -ENOENT)
		return r;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	r = write_proc(pid, "uid_map", map);
	if (r < 0)
		return r;
	snprintf(map, sizeof(map), "0 %u 1", gid);
	return write_proc(pid, "gid_map", map);
}

static void run_in_namespaces(const struct trial *trial, int report_fd)
{
	struct clone_args args = {.flags = trial->namespaces, .exit_signal = SIGCHLD};
	int go[2];

	if (pipe2(go, O_CLOEXEC) < 0) {
		say(report_fd, TRIAL_START, -errno, 0);
		return;
	}
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		inner_main(trial, go, report_fd);
	if (pid < 0) {
		say(report_fd, TRIAL_CLONE, -errno, 0);
		return;
	}
	int r = map_ids(trial, pid);
	if (r < 0)
		say(report_fd, TRIAL_MAP, r, 0);
	else if (write(go[1], "", 1) != 1)
		say(report_fd, TRIAL_START, -errno, 0);
	close(go[1]);
	/* The alarm bounds this too. */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void outer_main(const struct trial *trial, int report_fd) __attribute__((noreturn));

static void outer_main(const struct trial *trial, int report_fd)
{
	int r = bind_to_parent();

	if (r == 0 && trial->user != TRIAL_SAME_USER)
		r = become(trial->user);
	if (r < 0) {
		say(report_fd, TRIAL_BECOME, r, 0);
		_exit(0);
	}
	if (trial->namespaces == 0)
		run_function(trial, report_fd);
	run_in_namespaces(trial, report_fd);
	_exit(0);
}

/* ---- the caller ---- */

int trial_wait_readable(int fd, uint64_t usec)
{
	uint64_t end = clock_monotonic_usec() + usec;

	for (;;) {
		uint64_t now = clock_monotonic_usec();
		if (now >= end)
			return 0;
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		int n = poll(&poll_fd, 1, (int)((end - now) / USEC_PER_MSEC) + 1);
		if (n > 0)
			return 1;
		if (n < 0 && errno != EINTR)
			return 0;
	}
}

/* One that the kernel does not let go of is left to its alarm rather than waited for for ever. */
static void reap(pid_t pid)
{
	for (int i = 0; i < REAP_TRIES; i++) {
		pid_t got = waitpid(pid, NULL, WNOHANG);
		if (got == pid || (got < 0 && errno != EINTR))
			return;
		nanosleep(&(struct timespec){.tv_nsec = REAP_PAUSE_NSEC}, NULL);
	}
}

struct trial_result trial_run(const struct trial *trial)
{
	struct trial_result result = {TRIAL_DIED, -ETIMEDOUT, 0}, got;
	int report[2];

	if (pipe2(report, O_CLOEXEC) < 0)
		return (struct trial_result){TRIAL_START, -errno, 0};
	pid_t pid = fork();
	if (pid == 0) {
		close(report[0]);
		outer_main(trial, report[1]);
	}
	int error_number = errno;
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return (struct trial_result){TRIAL_START, -error_number, 0};
	}
	if (trial_wait_readable(report[0], TRIAL_WAIT_USEC) &&
	    read(report[0], &got, sizeof(got)) == (ssize_t)sizeof(got)) {
		result = got;
		/* Its end of the pipe is closed once everything of it is gone. */
		trial_wait_readable(report[0], TRIAL_WAIT_USEC);
	}
	kill(pid, SIGKILL);
	close(report[0]);
	reap(pid);
	return result;
}

struct trial_words trial_words(const struct trial_result *result)
{
	static const char *const stages[] = {
		[TRIAL_DONE] = "it works",
		[TRIAL_START] = "no process",
		[TRIAL_BECOME] = "cannot become another user",
		[TRIAL_CLONE] = "clone3",
		[TRIAL_MAP] = "cannot map ids",
		[TRIAL_FUNCTION] = "",
		[TRIAL_DIED] = "it ended without a word or took too long",
	};
	struct trial_words words;
	const char *stage = stages[result->stage];
	const char *why = error_words(-result->value);

	if (result->stage == TRIAL_DONE || result->stage == TRIAL_DIED)
		snprintf(words.text, sizeof(words.text), "%s", stage);
	else
		snprintf(words.text, sizeof(words.text), "%s%s%s", stage, *stage ? ": " : "",
			 why ? why : "unknown error");
	return words;
}
