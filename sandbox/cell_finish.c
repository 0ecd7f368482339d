/* What pid 1 does once the job runs: reap, end what is left, look at the file space, report. */
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/cell.h"

/*
 * pid 1 needs to end other users' processes and to read their files; to start a helper, to change
 * to the job's user and lock its capabilities away, or in a user namespace to map its own root
 * there (user_namespaces(7)); nothing else any more.
 */
static void keep_few_capabilities(const struct cell_context *context)
{
	const unsigned to_pack = context->spec.single_id
					 ? 1U << CAP_SETFCAP
					 : 1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_SETPCAP;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};

	sets[0].effective = sets[0].permitted =
		1U << CAP_KILL | 1U << CAP_DAC_READ_SEARCH | (context->carry[0] ? to_pack : 0);
	/* It cannot fail; if it did, pid 1 would only be stronger than it need be. */
	syscall(SYS_capset, &header, sets);
}

/* The job's process group, which it leads; for the handler below. 0: it has ended. */
static volatile sig_atomic_t job_group;

/*
 * The launcher's word that the job is to get a signal. Only who is outside of the pid namespace
 * has no number in it (pid_namespaces(7)): what a job might send, were it let, is not passed on.
 */
static void pass_signal(int signal, siginfo_t *info, void *context)
{
	int error_number = errno;

	(void)signal;
	(void)context;
	/* ESRCH: it leads no group yet, having only just been forked. */
	if (info->si_pid == 0 && info->si_code == SI_QUEUE && job_group > 0 &&
	    kill(-(pid_t)job_group, info->si_value.sival_int) < 0)
		kill((pid_t)job_group, info->si_value.sival_int);
	errno = error_number;
}

static void let_signals_pass(pid_t job)
{
	struct sigaction pass = {.sa_sigaction = pass_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	sigset_t passed;

	job_group = job;
	sigaction(CELL_SIGNAL_PASS, &pass, NULL);
	sigemptyset(&passed);
	sigaddset(&passed, CELL_SIGNAL_PASS);
	sigprocmask(SIG_UNBLOCK, &passed, NULL);
}

/* Reaps until the job itself has ended, or ends it when its feeder has failed. Returns its wait
 * status. */
static int wait_for_job(const struct cell_context *context)
{
	int status = 0;
	pid_t pid;

	let_signals_pass(context->job);
	do {
		pid = waitpid(-1, &status, 0);
		if (pid > 0 && pid == context->feeder && !cell_feeder_has_fed(context))
			kill(context->job, SIGKILL);
	} while (pid != context->job && (pid > 0 || errno == EINTR));
	job_group = 0;
	return pid == context->job ? status : 0; /* it is a child of ours: there is no other end */
}

/*
 * kill(-1) reaches everything in the pid namespace at once, and what has SIGKILL pending can fork
 * no more, so one round is enough.
 */
static void end_everything(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static void look_at_files(struct cell_report *report)
{
	struct statfs space;

	if (statfs("/playground", &space) < 0)
		return;
	report->inodes_full = space.f_ffree == 0;
	report->files_full = space.f_bfree == 0 || report->inodes_full;
}

/* What the step hands on, if anything. */
static void hand_on(struct cell_context *context, struct cell_report *report)
{
	int r = 0;

	if (context->artefact_out[0])
		r = cell_copy_artefact(context, &report->artefact_bytes);
	else if (context->collect[0])
		r = cell_copy_folder(context, &report->artefact_bytes);
	report->artefact_code = r;
	if (r < 0)
		error_set_plain(&report->error, r, "artefact", "%s", context->error.text);
	context->error = (struct error){0};
}

void cell_finish_job(struct cell_context *context, struct cell_report *ret_report)
{
	keep_few_capabilities(context);
	ret_report->started = context->error.code == 0;
	if (ret_report->started)
		ret_report->wait_status = wait_for_job(context);
	if (ret_report->started && cell_check_fed(context) < 0)
		ret_report->started = 0;
	end_everything();
	look_at_files(ret_report);
	if (!ret_report->started)
		return;
	ret_report->carried = context->carried;
	pid_t packer = ret_report->wait_status == 0 ? cell_pack_begin(context) : -1;
	hand_on(context, ret_report);
	ret_report->kept = cell_pack_end(packer);
}
