/*
 * A job that was started early: its program runs, and waits for words at its FIFO. Until these
 * come, nothing of a visitor's has been near it; so what is done to it meanwhile, and what it finds
 * when it goes on, is what it would have found had it been started with all of them.
 *
 * Every failure here is the step "feed": whoever asked may start the same job anew.
 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cell.h"

static int receive_feed(struct cell_context *context)
{
	struct cell_work feed;
	int fds[WORK_FDS_MAX];

	int r = cell_receive(CELL_FEED_MAGIC, FEED_FDS, &feed, fds);
	if (r < 0)
		return cell_failed(context, -r, "the rest of the job did not come");
	context->work.limits = feed.limits;
	if (dup3(fds[0], CELL_FD_BUNDLE, O_CLOEXEC) < 0)
		return cell_failed(context, errno, "cannot take the job's descriptors");
	close(fds[0]);
	return 0;
}

/*
 * As the job's user, without a capability, with nothing open: it opens what the job could. The FIFO
 * has served when the program has it open; so the visitor's code does not find it.
 */
static int feeder_main(struct cell_context *context)
{
	if (job_user_namespace(context) < 0 || job_identity(context) < 0 ||
	    job_capabilities(context) < 0 || syscall(SYS_close_range, 0, ~0U, 0) < 0)
		return 1;
	int fd = open(context->fifo, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || unlink(context->fifo) < 0)
		return 1;
	atomic_store(context->fed, 1);
	return fd_write_all(fd, context->later, context->later_len) < 0;
}

/* Not waited for: it ends when the program has read, or with everything else in the cell. */
static int start_feeder(struct cell_context *context)
{
	int own_namespace =
		context->spec.single_id && !cell_without(context, CELL_WITHOUT_UID_DROP);
	unsigned long flags = own_namespace ? CLONE_NEWUSER | SIGCHLD : SIGCHLD;
	void *fed = mmap(NULL, sizeof(*context->fed), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (fed == MAP_FAILED)
		return cell_failed(context, errno, "cannot start the feeder");
	context->fed = fed;
	pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(feeder_main(context));
	return pid < 0 ? cell_failed(context, errno, "cannot start the feeder") : 0;
}

int cell_take_feed(struct cell_context *context)
{
	if (!context->work.early)
		return 0;
	int r = receive_feed(context);
	if (r == 0)
		r = cell_unpack_later(context);
	if (r == 0)
		r = cell_check_parent(context);
	return r < 0 ? r : start_feeder(context);
}

int cell_check_fed(struct cell_context *context)
{
	if (!context->fed || atomic_load(context->fed))
		return 0;
	return cell_failed(context, ESRCH, "the program ended before it read what it was to do");
}
