/* The kernel itself: its age, the machine, and the two walls a process puts up for itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "doctor/doctor.h"
#include "doctor/trial.h"

void check_kernel(struct doctor *doctor, const struct doctor_check *check, struct finding *finding)
{
	const struct host *host = &doctor->host;
	enum verdict verdict = VERDICT_OK;

	(void)check;
	if (!host_kernel_at_least(host, 5, 11)) /* CLOSE_RANGE_CLOEXEC */
		verdict = VERDICT_MISSING;
	else if (!host_kernel_at_least(host, 6, 1))
		verdict = VERDICT_DEGRADED;
	finding_set(finding, verdict, "Linux %s", host->release);
}

void check_architecture(struct doctor *doctor, const struct doctor_check *check,
			struct finding *finding)
{
	const char *machine = doctor->host.machine;

	(void)check;
	finding_set(finding, strcmp(machine, "x86_64") == 0 ? VERDICT_OK : VERDICT_MISSING, "%s",
		    machine);
}

/* ---- seccomp ---- */

enum { FILTER_ERRNO = EXDEV }; /* one that getppid(2) never gives by itself */

static int load_filter(const void *context, int *step)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | FILTER_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
	unsigned action = SECCOMP_RET_KILL_PROCESS;

	(void)context;
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
		return -errno;
	*step = 1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return -errno;
	*step = 2;
	errno = 0;
	return syscall(SYS_getppid) < 0 && errno == FILTER_ERRNO ? 0 : -ENOTSUP;
}

void check_seccomp(struct doctor *doctor, const struct doctor_check *check, struct finding *finding)
{
	static const char *const steps[] = {"no kill action", "a filter is refused",
					    "a filter has no effect"};
	const struct trial trial = {.user = TRIAL_SAME_USER, .function = load_filter};
	struct trial_result result = trial_run(&trial);

	(void)doctor;
	(void)check;
	if (trial_worked(&result))
		finding_set(finding, VERDICT_OK, "a filter loads and holds");
	else
		finding_set(finding, VERDICT_MISSING, "%s: %s", steps[result.step],
			    trial_words(&result).text);
}

/* ---- Landlock ---- */

/* Fences itself in without a rule: then nothing may be read. Returns the ABI. */
static int fence(const void *context, int *step)
{
	const struct landlock_ruleset_attr ruleset = {.handled_access_fs =
							      LANDLOCK_ACCESS_FS_READ_DIR};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	(void)context;
	if (abi < 0)
		return -errno;
	*step = 1;
	int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return -errno;
	*step = 2;
	if (open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 || errno != EACCES)
		return -ENOTSUP;
	return (int)abi;
}

/* What the kernel's ABI lacks: landlock(7). */
static const char *landlock_lacks(int abi)
{
	if (abi < 3)
		return "truncation, network, device and signal rules";
	if (abi < 4)
		return "network, device and signal rules";
	if (abi < 5)
		return "device and signal rules";
	return "signal and abstract socket rules";
}

enum { LANDLOCK_ABI_WANTED = 6 };

void check_landlock(struct doctor *doctor, const struct doctor_check *check,
		    struct finding *finding)
{
	const struct trial trial = {.user = TRIAL_SAME_USER, .function = fence};
	struct trial_result result = trial_run(&trial);

	(void)doctor;
	(void)check;
	if (trial_worked(&result)) {
		if (result.value >= LANDLOCK_ABI_WANTED) {
			finding_set(finding, VERDICT_OK, "ABI %d", result.value);
			return;
		}
		finding_set(finding, VERDICT_DEGRADED, "ABI %d: no %s", result.value,
			    landlock_lacks(result.value));
		finding_remedy(finding, "sudo apt-get install -t bookworm-backports "
					"linux-image-amd64, then start anew (Linux 6.12)");
	} else if (result.value == -EOPNOTSUPP) {
		finding_set(finding, VERDICT_MISSING,
			    "in the kernel, but switched off at its start");
	} else if (result.value == -ENOSYS) {
		finding_set(finding, VERDICT_MISSING, "not in this kernel");
	} else {
		finding_set(finding, VERDICT_MISSING, "%s", trial_words(&result).text);
	}
}
