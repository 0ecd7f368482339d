#include "supervisor/front_child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <linux/sched.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "ipc/channel.h"

enum { FRONT_CHANNEL_FD = 3 };

static int open_or_fail(const char *path, int flags, const char *what, struct error *err)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? error_set(err, -errno, "open", "cannot open %s %s", what, path) : fd;
}

/*
 * The folder belongs to the front end's user, who without root is our own. Only a folder that is
 * ours, as one just made, is given away, and nothing in it: names in there are the front end's,
 * root follows none of them.
 */
static int data_open(const char *data_dir, uid_t owner, struct error *err)
{
	struct stat st;

	if (mkdir(data_dir, 0700) < 0 && errno != EEXIST)
		return error_set(err, -errno, "data", "cannot make the data folder %.120s",
				 data_dir);
	_cleanup_fd_ int fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, -errno, "data", "cannot open the data folder %.120s",
				 data_dir);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK
			       ? error_set_plain(err, -EBUSY, "data",
						 "another server uses the data folder %.120s; give "
						 "this one "
						 "its own with --data",
						 data_dir)
			       : error_set(err, -errno, "data", "cannot lock %.120s", data_dir);
	if (st.st_uid == owner)
		return TAKE_FD(fd);
	if (st.st_uid != 0 || st.st_gid != 0)
		return error_set_plain(
			err, -EPERM, "data",
			"the data folder %.120s is another user's; name an empty one that is the "
			"server's own",
			data_dir);
	if (fchown(fd, owner, owner) < 0)
		return error_set(err, -errno, "data", "cannot give away the data folder %.120s",
				 data_dir);
	return TAKE_FD(fd);
}

static int plan_fill(struct front_plan *plan, const char *exe, const char *data_dir, uid_t owner,
		     struct error *err)
{
	plan->data_fd = data_open(data_dir, owner, err);
	if (plan->data_fd < 0)
		return plan->data_fd;
	plan->exe_fd = open_or_fail(exe, O_PATH, "the front end", err);
	if (plan->exe_fd < 0)
		return plan->exe_fd;
	plan->mount_ns_fd = open_or_fail("/proc/self/ns/mnt", O_RDONLY, "the mount namespace", err);
	if (plan->mount_ns_fd < 0)
		return plan->mount_ns_fd;
	plan->null_fd = open_or_fail("/dev/null", O_RDWR, "the null device", err);
	return plan->null_fd < 0 ? plan->null_fd : 0;
}

int front_plan_open(struct front_plan *plan, const char *exe, const char *data_dir,
		    const char *web_root, uid_t owner, struct error *err)
{
	*plan = FRONT_PLAN_NONE;
	int r = plan_fill(plan, exe, data_dir, owner, err);
	if (r == 0 && web_root) {
		plan->web_fd = open_or_fail(web_root, O_PATH | O_DIRECTORY, "the web root", err);
		r = plan->web_fd < 0 ? plan->web_fd : 0;
	}
	if (r < 0)
		front_plan_close(plan);
	return r;
}

void front_plan_close(struct front_plan *plan)
{
	plan->exe_fd = fd_close(plan->exe_fd);
	plan->mount_ns_fd = fd_close(plan->mount_ns_fd);
	plan->null_fd = fd_close(plan->null_fd);
	plan->data_fd = fd_close(plan->data_fd);
	plan->web_fd = fd_close(plan->web_fd);
}

/* In the child: only async-signal-safe calls, and the exit status is all it can say. */
static void __attribute__((noreturn))
front_exec(const struct front_plan *plan, int channel_fd, pid_t parent)
{
	char *const argv[] = {(char[]){"sandlot-front"}, NULL};
	char *const envp[] = {(char[]){"PATH=/usr/bin:/bin"}, (char[]){"LANG=C.UTF-8"}, NULL};
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(120);
	if (setns(plan->mount_ns_fd, CLONE_NEWNS) < 0)
		_exit(121);
	if (dup2(plan->null_fd, 0) < 0 || dup2(plan->null_fd, 1) < 0)
		_exit(122);
	/* dup2 onto itself would keep close-on-exec. */
	if (channel_fd == FRONT_CHANNEL_FD ? fcntl(channel_fd, F_SETFD, 0) < 0
					   : dup2(channel_fd, FRONT_CHANNEL_FD) < 0)
		_exit(123);
	if (syscall(SYS_close_range, FRONT_CHANNEL_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		_exit(124);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execveat(plan->exe_fd, "", argv, envp, AT_EMPTY_PATH);
	_exit(125);
}

int front_child_start(struct front_child *child, const struct front_plan *plan,
		      const struct ipc_welcome *welcome, int manifest_fd, struct error *err)
{
	int pair[2];
	struct ipc_message message = {.type = IPC_WELCOME, .welcome = *welcome};
	const int fds[] = {manifest_fd, plan->data_fd,
			   plan->web_fd < 0 ? plan->data_fd : plan->web_fd};
	pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, -errno, "front", "cannot make the channel");
	_cleanup_fd_ int ours = pair[0];
	_cleanup_fd_ int theirs = pair[1];

	int r = channel_send(ours, &message, fds);
	if (r < 0)
		return error_set(err, r, "front", "cannot greet the front end");
	r = fd_set_nonblock(ours, 1);
	if (r < 0)
		return error_set(err, r, "front", "cannot prepare the channel");

	int pidfd = -EBADF;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return error_set(err, -errno, "front", "cannot fork the front end");
	if (pid == 0)
		front_exec(plan, theirs, parent);
	*child = (struct front_child){
		.pid = (pid_t)pid,
		.pidfd = pidfd,
		.channel_fd = TAKE_FD(ours),
		.state = IPC_STARTING,
		.started_usec = clock_monotonic_usec(),
	};
	return 0;
}

int front_child_reap(struct front_child *child)
{
	int status = 0;

	/* Harmless when it is dead already: the pid is ours until it is waited for. */
	kill(child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	fd_close(child->pidfd);
	fd_close(child->channel_fd);
	*child = FRONT_CHILD_NONE;
	return status;
}
