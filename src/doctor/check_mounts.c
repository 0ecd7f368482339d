/* What a cell mounts, tried where a cell mounts it: in a user and mount namespace of its own. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "doctor/doctor.h"
#include "doctor/trial.h"

enum mount_step { STEP_PRIVATE, STEP_TMPFS, STEP_BIND, STEP_PIVOT, MOUNT_STEPS };

static const char *const mount_steps[MOUNT_STEPS] = {
	[STEP_PRIVATE] = "making the mounts private",
	[STEP_TMPFS] = "a tmpfs",
	[STEP_BIND] = "a bind mount",
	[STEP_PIVOT] = "pivot_root",
};

const char *trial_mounts_step(int step)
{
	return mount_steps[step];
}

int trial_mounts(const void *context, int *step)
{
	(void)context;
	*step = STEP_PRIVATE;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	*step = STEP_TMPFS;
	if (mount("doctor", "/proc", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k") < 0 ||
	    chdir("/proc") < 0 || mkdir("bound", 0755) < 0)
		return -errno;
	*step = STEP_BIND;
	if (mount("/", "bound", NULL, MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	*step = STEP_PIVOT;
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return -errno;
	return 0;
}

void check_mounts(struct doctor *doctor, const struct doctor_check *check, struct finding *finding)
{
	const struct trial trial = {
		.namespaces = CLONE_NEWUSER | CLONE_NEWNS,
		.user = TRIAL_SAME_USER,
		.map_to = doctor->host.unused_uid,
		.function = trial_mounts,
	};
	struct trial_result result = trial_run(&trial);

	(void)check;
	if (trial_worked(&result))
		finding_set(finding, VERDICT_OK, "tmpfs, bind mounts and pivot_root");
	else
		finding_set(finding, VERDICT_MISSING, "%s: %s",
			    result.stage == TRIAL_FUNCTION ? mount_steps[result.step]
							   : "namespaces",
			    trial_words(&result).text);
}

/* ---- /proc ---- */

static int mount_proc(const void *context, int *step)
{
	(void)context;
	(void)step;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return -errno;
	return 0;
}

static struct trial proc_trial(uid_t map_to)
{
	return (struct trial){
		.namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID,
		.user = TRIAL_SAME_USER,
		.map_to = map_to,
		.function = mount_proc,
	};
}

/* As the supervisor does it: first a complete /proc in a mount namespace of one's own. */
static int mount_proc_twice(const void *context, int *step)
{
	const struct trial inner = proc_trial(*(const uid_t *)context);

	if (unshare(CLONE_NEWNS) < 0)
		return -errno;
	int r = mount_proc(NULL, step);
	if (r < 0)
		return r;
	struct trial_result result = trial_run(&inner);
	return trial_worked(&result) ? 0 : result.value;
}

void check_proc(struct doctor *doctor, const struct doctor_check *check, struct finding *finding)
{
	const struct host *host = &doctor->host;
	const struct trial direct = proc_trial(host->unused_uid);
	const struct trial fresh = {
		.user = TRIAL_SAME_USER,
		.function = mount_proc_twice,
		.context = &host->unused_uid,
	};
	struct trial_result result = trial_run(&direct);

	(void)check;
	if (trial_worked(&result)) {
		finding_set(finding, VERDICT_OK, "complete: a cell can mount its own");
		return;
	}
	struct trial_result again = result;
	if (host->is_root)
		again = trial_run(&fresh);
	if (trial_worked(&again))
		finding_set(finding, VERDICT_OK,
			    "%u masks, but root can mount a complete one for the cells",
			    host->proc_masks);
	else
		finding_set(finding, VERDICT_MISSING, "%u masks; %s", host->proc_masks,
			    trial_words(&again).text);
}
