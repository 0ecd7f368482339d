/* The end of a cell: ending it early, what it used, how it ended. */
#include <assert.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "sandbox/cell_spec.h"
#include "sandbox/cgroup.h"
#include "sandbox/sandbox.h"

void cell_kill(struct cell *cell, enum outcome outcome)
{
	if (cell->pidfd < 0)
		return;
	if (!cell->kill_asked) {
		cell->kill_asked = 1;
		cell->kill_outcome = outcome;
	}
	/* Dying takes processor time, too, and others wait for its slot. */
	if (cell->behind && cell->cgroup)
		cgroup_set_behind(cell->cgroup, 0);
	/* pid 1's end is everybody's. ESRCH: it has ended already. */
	syscall(SYS_pidfd_send_signal, cell->pidfd, SIGKILL, NULL, 0);
}

/* pid 1 knows the job by a number of its own namespace: it is told, and passes it on. */
void cell_signal(struct cell *cell, int signal)
{
	siginfo_t info = {
		.si_signo = CELL_SIGNAL_PASS, .si_code = SI_QUEUE, .si_value.sival_int = signal};

	/* ESRCH: it has ended. EAGAIN: as many wait there as may. */
	if (cell->pidfd >= 0 && !cell->kill_asked)
		syscall(SYS_pidfd_send_signal, cell->pidfd, CELL_SIGNAL_PASS, &info, 0);
}

uint64_t cell_cpu_usec(const struct cell *cell)
{
	return cell->cgroup ? cgroup_cpu_usec(cell->cgroup) : 0;
}

void cell_put_behind(struct cell *cell)
{
	cell->behind = 1;
	if (cell->cgroup)
		cgroup_set_behind(cell->cgroup, 1);
}

/* What is known of an ended cell. */
struct ending {
	int init_status; /* wait status of pid 1 */
	int has_report;
	struct cell_report report;
	uint64_t oom_kills;
};

static uint64_t timeval_usec(struct timeval time)
{
	return (uint64_t)time.tv_sec * USEC_PER_SEC + (uint64_t)time.tv_usec;
}

static pid_t wait_for_init(const struct cell *cell, int *ret_status, struct rusage *ret_rusage)
{
	pid_t pid;

	do
		pid = wait4(cell->pid, ret_status, 0, ret_rusage);
	while (pid < 0 && errno == EINTR);
	return pid;
}

/*
 * Reaps pid 1 and gathers the counters: the cgroup's, or what pid 1 has waited for. When it has
 * reported, all else in the cell is dead and counted; when it has not, that is so once it has
 * ended. It is given no time: its word was its last, and one that was taken over might stay.
 */
static void reap(const struct cell *cell, struct ending *ending, struct cell_result *result)
{
	struct cgroup_usage usage = {0};
	struct rusage rusage = {0};

	syscall(SYS_pidfd_send_signal, cell->pidfd, SIGKILL, NULL, 0);
	if (cell->cgroup && ending->has_report)
		cgroup_read_usage(cell->cgroup, &usage);
	if (wait_for_init(cell, &ending->init_status, &rusage) < 0)
		ending->init_status =
			SIGKILL; /* reaped by another: a fault of the caller's, not lasting */
	if (cell->cgroup && !ending->has_report)
		cgroup_read_usage(cell->cgroup, &usage);
	result->user_usec = usage.has_cpu ? usage.user_usec : timeval_usec(rusage.ru_utime);
	result->system_usec = usage.has_cpu ? usage.system_usec : timeval_usec(rusage.ru_stime);
	result->throttled_usec = usage.throttled_usec;
	result->memory_peak_bytes = usage.memory_peak_bytes;
	if (!result->memory_peak_bytes)
		result->memory_peak_bytes = (uint64_t)rusage.ru_maxrss * 1024;
	ending->oom_kills = usage.oom_kills;
}

/* Is it one that waitpid(2) can give for a process that has ended? */
static int status_is_real(int status)
{
	return WIFEXITED(status) || (WIFSIGNALED(status) && WTERMSIG(status) <= SIGRTMAX);
}

static void read_report(const struct cell *cell, struct ending *ending)
{
	struct cell_report *report = &ending->report;
	ssize_t n;

	/* ECONNRESET, once: it ended before it took its job (net/unix/af_unix.c). */
	do
		n = recv(cell->report_fd, report, sizeof(*report), MSG_DONTWAIT | MSG_TRUNC);
	while (n < 0 && errno == ECONNRESET);

	/* It comes from a process that has been near untrusted bytes: nothing is taken on trust. */
	ending->has_report = n == (ssize_t)sizeof(*report) && status_is_real(report->wait_status);
	report->error.step[ERROR_STEP_MAX - 1] = '\0';
	report->error.text[ERROR_TEXT_MAX - 1] = '\0';
}

static int is_refusal(const struct ending *ending)
{
	return ending->has_report && !ending->report.started;
}

static enum outcome signal_outcome(int signal)
{
	switch (signal) {
	case SIGXCPU:
		return OUTCOME_CPU_TIMEOUT;
	case SIGXFSZ:
		return OUTCOME_FILE_LIMIT;
	default:
		return OUTCOME_SIGNALED;
	}
}

/* How the job itself ended, the report being there. */
static enum outcome job_outcome(const struct ending *ending, struct cell_result *result)
{
	const struct cell_report *report = &ending->report;
	int status = report->wait_status;
	int failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;

	if (WIFSIGNALED(status))
		result->signal = WTERMSIG(status);
	else
		result->exit_code = WEXITSTATUS(status);
	if ((report->files_full && failed) || report->artefact_code == -EFBIG)
		return OUTCOME_FILE_LIMIT;
	return WIFSIGNALED(status) ? signal_outcome(result->signal) : OUTCOME_EXITED;
}

static enum outcome decide(const struct cell *cell, const struct ending *ending,
			   struct cell_result *result)
{
	int init_killed = WIFSIGNALED(ending->init_status);
	enum outcome outcome = OUTCOME_INTERNAL_ERROR;

	if (init_killed && !ending->has_report)
		result->signal = WTERMSIG(ending->init_status);
	if (ending->has_report && ending->report.started)
		outcome = job_outcome(ending, result);
	if (cell->kill_asked && init_killed && !ending->has_report)
		return cell->kill_outcome;
	if (ending->oom_kills > 0)
		return OUTCOME_OUT_OF_MEMORY;
	if (result->user_usec + result->system_usec >= cell->limits.cpu_usec && !is_refusal(ending))
		return OUTCOME_CPU_TIMEOUT;
	if (is_refusal(ending))
		return OUTCOME_REFUSED;
	return outcome;
}

static void explain(const struct ending *ending, struct cell_result *result)
{
	if (ending->has_report)
		result->error = ending->report.error;
	else if (result->outcome == OUTCOME_INTERNAL_ERROR)
		error_set_plain(&result->error, -ECHILD, "report",
				"the cell's pid 1 ended without a report (wait status 0x%x)",
				(unsigned)ending->init_status);
}

/* Hands the artefact over, sealed; what came with a failed or cut-off copy is thrown away. */
static void take_artefact(struct cell *cell, const struct ending *ending,
			  struct cell_result *result)
{
	int complete =
		ending->has_report && ending->report.started && !ending->report.artefact_code;

	result->artefact_bytes = complete ? ending->report.artefact_bytes : 0;
	if ((!complete && ftruncate(cell->artefact_out_fd, 0) < 0) ||
	    memfd_seal(cell->artefact_out_fd) < 0) {
		result->outcome = OUTCOME_INTERNAL_ERROR;
		error_set(&result->error, -errno, "artefact", "cannot seal the artefact");
	}
	result->artefact_fd = TAKE_FD(cell->artefact_out_fd);
}

void cell_discard(struct cell_host *host, struct cell *cell)
{
	struct cell_result result;

	cell_kill(cell, OUTCOME_KILLED);
	cell_collect(host, cell, &result);
	fd_close(result.artefact_fd);
}

void cell_collect(struct cell_host *host, struct cell *cell, struct cell_result *ret_result)
{
	struct cell_result result = {.artefact_fd = -EBADF};
	struct ending ending = {0};

	assert(cell->pid > 0);
	result.wall_usec = clock_monotonic_usec() - cell->started_usec;
	read_report(cell, &ending);
	reap(cell, &ending, &result);
	result.outcome = decide(cell, &ending, &result);
	result.files_full = ending.has_report && ending.report.files_full;
	result.inodes_full = ending.has_report && ending.report.inodes_full;
	result.carried = ending.has_report && ending.report.carried != 0;
	result.kept = ending.has_report && ending.report.kept != 0;
	explain(&ending, &result);
	take_artefact(cell, &ending, &result);

	cgroup_free(cell->cgroup);
	host->slots_used[cell->slot] = 0;
	fd_close(cell->pidfd);
	fd_close(cell->report_fd);
	*cell = CELL_NONE;
	*ret_result = result;
}
