/*
 * Makes a folder below the own cgroup and tries what cells' folders are for. The folder is called
 * as a supervisor's is and locked as that, so that the next supervisor removes it should this
 * process be killed just then; signals wait meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "doctor/cgroup_v2.h"
#include "doctor/doctor.h"
#include "doctor/trial.h"

enum { PID_RANGE = 1 << 22, REMOVE_TRIES = 200, REMOVE_PAUSE_NSEC = 5000000, KILL_USEC = 2000000 };

struct folder {
	int parent_fd, fd;
	char name[32];
	sigset_t signals; /* as they were */
};

static int folder_make(const char *dir, struct folder *ret_folder)
{
	struct folder folder = {.fd = -EBADF};
	sigset_t all;

	folder.parent_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder.parent_fd < 0)
		return -errno;
	/* Beyond every process id: no supervisor has this name. */
	snprintf(folder.name, sizeof(folder.name), "sandlot-%u", (unsigned)getpid() + PID_RANGE);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &folder.signals);
	if (mkdirat(folder.parent_fd, folder.name, 0755) < 0) {
		int r = -errno;
		sigprocmask(SIG_SETMASK, &folder.signals, NULL);
		close(folder.parent_fd);
		return r;
	}
	folder.fd = openat(folder.parent_fd, folder.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder.fd >= 0)
		flock(folder.fd, LOCK_EX | LOCK_NB); /* nobody else's: cannot fail */
	*ret_folder = folder;
	return 0;
}

/* A process that has just died may be in it a moment longer. */
static void folder_remove(struct folder *folder)
{
	for (int i = 0; i < REMOVE_TRIES; i++) {
		if (unlinkat(folder->parent_fd, folder->name, AT_REMOVEDIR) == 0 || errno != EBUSY)
			break;
		nanosleep(&(struct timespec){.tv_nsec = REMOVE_PAUSE_NSEC}, NULL);
	}
	fd_close(folder->fd);
	fd_close(folder->parent_fd);
	sigprocmask(SIG_SETMASK, &folder->signals, NULL);
}

static int folder_write(const struct folder *folder, const char *file, const char *text)
{
	_cleanup_fd_ int fd = openat(folder->fd, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* ---- a folder in every hierarchy that cells need ---- */

static int try_folder(const char *dir)
{
	struct folder folder;
	int r = folder_make(dir, &folder);

	if (r == 0)
		folder_remove(&folder);
	return r;
}

void check_cgroup_folder(struct doctor *doctor, const struct doctor_check *check,
			 struct finding *finding)
{
	const struct cgroup_layout *layout = &doctor->host.cgroups;
	const char *dirs[CGROUP_CONTROLLERS];
	unsigned count = 0, made = 0;
	struct cgroup_v2 unified;
	char faults[FOUND_MAX] = "";

	(void)check;
	cgroup_v2_find(&layout->v2, &unified);
	if (unified.state == CGROUP_V2_USABLE ||
	    (!layout->v1[CGROUP_MEMORY].mount[0] && unified.state != CGROUP_V2_ABSENT))
		dirs[count++] = unified.dir;
	for (unsigned i = 0; i <= CGROUP_CPUACCT; i++)
		if (layout->v1[i].mount[0])
			dirs[count++] = layout->v1[i].own;
	for (unsigned i = 0; i < count; i++) {
		int r = try_folder(dirs[i]);
		made += r == 0;
		if (r < 0)
			text_add(faults, sizeof(faults), "; %s: %s", dirs[i], error_words(-r));
	}
	if (count == 0)
		finding_set(finding, VERDICT_MISSING, "there is no hierarchy to make one in");
	else
		finding_set(finding, made == count ? VERDICT_OK : VERDICT_MISSING,
			    "made and removed in %u of %u%s", made, count, faults);
	if (finding->verdict != VERDICT_OK)
		finding_remedy_delegation(finding, &doctor->host);
}

/* ---- killing and freezing a whole group ---- */

static const char *v2_dir(const struct cgroup_layout *layout, struct cgroup_v2 *unified)
{
	cgroup_v2_find(&layout->v2, unified);
	return unified->state == CGROUP_V2_USABLE ? unified->dir : layout->v2.own;
}

static void sleep_until_killed(void) __attribute__((noreturn));

static void sleep_until_killed(void)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	alarm(TRIAL_ALARM_SEC);
	sigemptyset(&none);
	sigsuspend(&none);
	_exit(0);
}

/* Puts a process into the folder and kills it with it. Returns 0 or a negative errno. */
static int kill_in(const struct folder *folder)
{
	int pidfd = -EBADF, status = 0;
	struct clone_args args = {
		.flags = CLONE_PIDFD | (uint64_t)CLONE_INTO_CGROUP,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (unsigned)folder->fd,
	};

	if (faccessat(folder->fd, "cgroup.kill", F_OK, 0) < 0)
		return -errno;
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		sleep_until_killed();
	if (pid < 0)
		return -errno;
	int r = folder_write(folder, "cgroup.kill", "1");
	int died = r == 0 && trial_wait_readable(pidfd, KILL_USEC);
	kill(pid, SIGKILL);
	if (trial_wait_readable(pidfd, KILL_USEC))
		waitpid(pid, &status, 0);
	close(pidfd);
	return r < 0 ? r : died && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : -EIO;
}

void check_cgroup_kill(struct doctor *doctor, const struct doctor_check *check,
		       struct finding *finding)
{
	const struct cgroup_layout *layout = &doctor->host.cgroups;
	struct cgroup_v2 unified;
	struct folder folder;

	(void)check;
	if (!layout->v2.mount[0]) {
		finding_set(finding, VERDICT_DEGRADED, "not on v1");
		return;
	}
	int r = folder_make(v2_dir(layout, &unified), &folder);
	if (r == 0) {
		r = folder.fd < 0 ? -EIO : kill_in(&folder);
		folder_remove(&folder);
	}
	if (r == 0)
		finding_set(finding, VERDICT_OK,
			    "a process was started in a group and killed with it");
	else
		finding_set(finding, VERDICT_DEGRADED, "%s", error_words(-r));
}

/* Freezes an empty folder and thaws it. */
static int try_freeze(const char *dir, const char *file, const char *freeze, const char *thaw)
{
	struct folder folder;
	int r = folder_make(dir, &folder);

	if (r < 0)
		return r;
	r = folder_write(&folder, file, freeze);
	if (r == 0)
		r = folder_write(&folder, file, thaw);
	folder_remove(&folder);
	return r;
}

void check_cgroup_freeze(struct doctor *doctor, const struct doctor_check *check,
			 struct finding *finding)
{
	const struct cgroup_layout *layout = &doctor->host.cgroups;
	const struct cgroup_place *v1 = &layout->v1[CGROUP_FREEZER];
	struct cgroup_v2 unified;
	int r = -ENOENT;

	(void)check;
	if (layout->v2.mount[0])
		r = try_freeze(v2_dir(layout, &unified), "cgroup.freeze", "1", "0");
	if (r == 0) {
		finding_set(finding, VERDICT_OK, "v2");
		return;
	}
	if (v1->mount[0])
		r = try_freeze(v1->own, "freezer.state", "FROZEN", "THAWED");
	if (r == 0)
		finding_set(finding, VERDICT_OK, "v1");
	else
		finding_set(finding, VERDICT_DEGRADED, "%s", error_words(-r));
}
