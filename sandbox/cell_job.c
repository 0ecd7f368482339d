/*
 * The job's process between vfork and exec: from root of the cell's user namespace to a user
 * without any privilege. It shares pid 1's memory until it executes the program (which saves
 * copying page tables, and lets a failed step's words be read by pid 1), so nothing here allocates
 * or touches libc's state. pid 1 is stopped meanwhile. The fd table is its own.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "sandbox/cell.h"

enum {
	STACK_BYTES = 8 << 20, /* what an ordinary login gives */
	MEMLOCK_BYTES = 64 << 10,
	MSGQUEUE_BYTES = 256 << 10,
	SIGNALS_PENDING = 1024, /* and timers: each is one */
	CPU_BACKSTOP_SEC = 2,	/* the cgroup's clock is the limit, where there is a cgroup */
	JOB_STACK_BYTES = 64 << 10,
	FIRST_FD_OF_OURS = 3,
};

static int job_main(void *context)
{
	cell_job_steps(context);
	_exit(127);
}

/* As vfork(2), into a user namespace; unshare(2) would want the job to have a memory of its own. */
static pid_t fork_into_user_namespace(struct cell_context *context)
{
	static char stack[JOB_STACK_BYTES] __attribute__((aligned(16)));

	return clone(job_main, stack + sizeof(stack),
		     CLONE_NEWUSER | CLONE_VM | CLONE_VFORK | SIGCHLD, context);
}

pid_t cell_start_job(struct cell_context *context)
{
	int own_namespace =
		context->spec.single_id && !cell_without(context, CELL_WITHOUT_UID_DROP);
	pid_t pid = own_namespace ? fork_into_user_namespace(context) : vfork();

	if (pid == 0)
		job_main(context);
	if (pid < 0) {
		context->step = STEP_CGROUP_JOIN;
		return cell_failed(context, errno, "cannot start the job's process");
	}
	/* The pipes must end when the job's processes do, not when pid 1 does. */
	syscall(SYS_close_range, STDIN_FILENO, STDERR_FILENO, 0);
	if (context->work.join_count)
		syscall(SYS_close_range, CELL_FD_JOIN, CELL_FD_JOIN + context->work.join_count - 1,
			0);
	return pid;
}

static int write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = write(fd, text, strlen(text));
	int error_number = errno;
	close(fd);
	errno = error_number;
	return n < 0 ? -1 : 0;
}

/*
 * Writing 0 to `tasks` moves the writing thread. The right to do so is that of whoever opened the
 * file, the launcher. (A pid written to cgroup.procs by another waits for an RCU grace period, 7 to
 * 15 ms.)
 */
int job_join_cgroups(struct cell_context *context)
{
	for (uint32_t i = 0; i < context->work.join_count; i++)
		if (write(CELL_FD_JOIN + (int)i, "0", 1) != 1)
			return cell_failed(context, errno, "cannot join cgroup %u", i);
	/*
	 * Where pid 1 is in the same cgroup, it is to be the last that the OOM killer ends; where
	 * there is no cgroup, the host's other processes are. Lowering a score would take
	 * privilege, and be the job's to inherit; anybody may raise his own.
	 */
	if (context->spec.first_victim && write_proc("/proc/self/oom_score_adj", "1000") < 0)
		return cell_failed(context, errno, "cannot step ahead in the OOM killer's list");
	return 0;
}

/*
 * With one id, root of the cell and the job are one user on the host: the job is made another by a
 * user namespace below the cell's, in which that id is called 1000. It was cloned into it; here it
 * maps itself (user_namespaces(7): one's own id, groups given up).
 */
int job_user_namespace(struct cell_context *context)
{
	static const char map[] = "1000 0 1\n";

	if (!context->spec.single_id || cell_without(context, CELL_WITHOUT_UID_DROP))
		return 0;
	if (write_proc("/proc/self/gid_map", map) < 0 || write_proc("/proc/self/uid_map", map) < 0)
		return cell_failed(context, errno, "cannot map the user of the job");
	return 0;
}

/* Only now: the namespace's root is where the process stands, and /proc/self/cgroup says "/". */
int job_cgroup_namespace(struct cell_context *context)
{
	if (cell_without(context, CELL_WITHOUT_CGROUP_NS))
		return 0;
	if (unshare(CLONE_NEWCGROUP) < 0 && errno != EINVAL)
		return cell_failed(context, errno, "cannot make a cgroup namespace");
	return 0;
}

int job_session(struct cell_context *context)
{
	sigset_t none;

	sigemptyset(&none);
	if (setsid() < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return cell_failed(context, errno, "cannot start a session");
	umask(022);
	return 0;
}

struct rlimit_row {
	int resource;
	rlim_t soft, hard;
};

static int set_rlimit(struct cell_context *context, const struct rlimit_row *row)
{
	struct rlimit now, want = {row->soft, row->hard};

	/* A hard limit can only be lowered here, and the host's may be below ours already. */
	if (getrlimit(row->resource, &now) < 0)
		return cell_failed(context, errno, "cannot read rlimit %d", row->resource);
	if (want.rlim_max > now.rlim_max)
		want.rlim_max = now.rlim_max;
	if (want.rlim_cur > want.rlim_max)
		want.rlim_cur = want.rlim_max;
	if (setrlimit(row->resource, &want) < 0)
		return cell_failed(context, errno, "cannot set rlimit %d", row->resource);
	return 0;
}

int job_rlimits(struct cell_context *context)
{
	const struct limits *limits = &context->work.limits;
	rlim_t cpu_sec = (limits->cpu_usec + USEC_PER_SEC - 1) / USEC_PER_SEC +
			 (context->spec.memory_by_rlimit ? 0 : CPU_BACKSTOP_SEC);
	/* A page more than the tmpfs has room for: a full disk shall be ENOSPC, which can be
	 * handled. */
	rlim_t file_bytes = limits->files_bytes + 4096;
	rlim_t data = context->spec.memory_by_rlimit ? limits->memory_bytes : RLIM_INFINITY;
	const struct rlimit_row rows[] = {
		/*
		 * 1, not 0: a core_pattern that pipes to a program of the host (systemd-coredump,
		 * apport) is not bound by the limit, but for this one value, which means "never"
		 * (fs/coredump.c).
		 */
		{RLIMIT_CORE, 1, 1},
		{RLIMIT_CPU, cpu_sec, cpu_sec + 1},
		{RLIMIT_FSIZE, file_bytes, file_bytes},
		{RLIMIT_NOFILE, limits->open_files, limits->open_files},
		{RLIMIT_NPROC, limits->processes, limits->processes},
		{RLIMIT_STACK, STACK_BYTES, RLIM_INFINITY},
		{RLIMIT_DATA, data, data},
		{RLIMIT_MEMLOCK, MEMLOCK_BYTES, MEMLOCK_BYTES},
		{RLIMIT_MSGQUEUE, MSGQUEUE_BYTES, MSGQUEUE_BYTES},
		{RLIMIT_SIGPENDING, SIGNALS_PENDING, SIGNALS_PENDING},
		{RLIMIT_NICE, 0, 0},
		{RLIMIT_RTPRIO, 0, 0},
	};

	if (cell_without(context, CELL_WITHOUT_RLIMITS))
		return 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = set_rlimit(context, &rows[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

enum {
	/* Root is nobody special, changing ids keeps nothing, nothing can be raised; all of it
	   locked. */
	SECUREBITS = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
		     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
		     SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
};

int job_identity(struct cell_context *context)
{
	if (cell_without(context, CELL_WITHOUT_UID_DROP))
		return 0;
	for (unsigned long cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
			if (errno == EINVAL && cap > 0)
				break; /* beyond the kernel's last */
			return cell_failed(context, errno, "cannot drop capability %lu", cap);
		}
	if (prctl(PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0) < 0)
		return cell_failed(context, errno, "cannot lock the securebits");
	/* The system calls themselves: libc's wrappers are made for processes with threads. */
	if ((!context->spec.single_id && syscall(SYS_setgroups, 0, NULL) < 0) ||
	    syscall(SYS_setresgid, CELL_UID, CELL_UID, CELL_UID) < 0 ||
	    syscall(SYS_setresuid, CELL_UID, CELL_UID, CELL_UID) < 0)
		return cell_failed(context, errno, "cannot become user %d", CELL_UID);
	return 0;
}

int job_capabilities(struct cell_context *context)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (cell_without(context, CELL_WITHOUT_UID_DROP))
		return 0;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return cell_failed(context, errno, "cannot empty the ambient capabilities");
	if (syscall(SYS_capset, &header, none) < 0)
		return cell_failed(context, errno, "cannot empty the capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return cell_failed(context, errno, "cannot set no_new_privs");
	return 0;
}

int job_close(struct cell_context *context)
{
	/* By flag, not now: until the exec the channel must stay with pid 1 alone, and that it
	 * does. */
	if (syscall(SYS_close_range, FIRST_FD_OF_OURS, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return cell_failed(context, errno, "cannot close what the program must not have");
	return 0;
}
