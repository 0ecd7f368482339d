/* The first and last steps of pid 1 before the job: whom it trusts, whom it outlives. */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/cell.h"

/* bundle_path_is_valid() refuses what fills the whole field and so has no end. */
static int paths_are_valid(const struct cell_spec *spec)
{
	for (unsigned i = 0; i < spec->bind_count; i++)
		if (!bundle_path_is_valid(
			    spec->bind_paths[i],
			    strnlen(spec->bind_paths[i], sizeof(spec->bind_paths[i]))))
			return 0;
	return 1;
}

int cell_read_spec(struct cell_context *context)
{
	struct cell_spec *spec = &context->spec;
	ssize_t n = pread(CELL_FD_SPEC, spec, sizeof(*spec), 0);

	if (n != (ssize_t)sizeof(*spec) || spec->magic != CELL_SPEC_MAGIC ||
	    spec->profile >= CELL_PROFILE_COUNT || spec->image >= CELL_HOST_IMAGES_MAX ||
	    spec->bind_count > CELL_BINDS_MAX || !paths_are_valid(spec))
		return cell_failed(context, n < 0 ? errno : EBADMSG,
				   "the launcher's spec is not one of this build");
	close(CELL_FD_SPEC);
	if (spec->fail_at_step == STEP_READ_SPEC)
		return cell_failed(context, ECANCELED, "made to fail here on request");
	return 0;
}

/*
 * pid 1 shares the job's pid namespace, so it must not be one whose memory, fds or executable can
 * be opened there. Ignored signals and the blocked set would be inherited by the program: reset
 * both. But for one that is for the job, which is to wait until there is a job (job_session()
 * unblocks it again).
 */
int cell_guard(struct cell_context *context)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t blocked;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return cell_failed(context, errno, "cannot become non-dumpable");
	for (int i = 1; i < NSIG; i++)
		if (i != SIGKILL && i != SIGSTOP)
			sigaction(i, &standard,
				  NULL); /* fails for the two that libc keeps to itself */
	sigemptyset(&blocked);
	sigaddset(&blocked, CELL_SIGNAL_PASS);
	if (sigprocmask(SIG_SETMASK, &blocked, NULL) < 0)
		return cell_failed(context, errno, "cannot unblock signals");
	prctl(PR_SET_NAME, "sandlot-cell", 0, 0, 0);
	umask(0);
	return cell_check_parent(context);
}

/*
 * PDEATHSIG is cleared by whatever changes ids (setfsuid while unpacking, for one): set it again,
 * and only then look whether the launcher is still at the other end of the channel.
 */
int cell_check_parent(struct cell_context *context)
{
	char byte;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return cell_failed(context, errno, "cannot ask to die with the launcher");
	ssize_t n = recv(CELL_FD_CHANNEL, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n > 0 || (n < 0 && errno == EAGAIN)) /* the job may be waiting there already */
		return 0;
	return cell_failed(context, n < 0 ? errno : EPIPE, "the launcher is gone");
}
