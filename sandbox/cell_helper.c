/* Helpers of the cell's pid 1: for what is better done without its rights. */
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/cell.h"

static int become_job(struct cell_context *context, int fd)
{
	if (job_user_namespace(context) < 0 || job_identity(context) < 0 ||
	    job_capabilities(context) < 0 || dup2(fd, STDIN_FILENO) < 0)
		return -1;
	return (int)syscall(SYS_close_range, STDIN_FILENO + 1, ~0U, 0);
}

pid_t cell_start_helper(struct cell_context *context, int fd, cell_step_function *helper)
{
	int own_namespace =
		context->spec.single_id && !cell_without(context, CELL_WITHOUT_UID_DROP);
	unsigned long flags = own_namespace ? CLONE_NEWUSER | SIGCHLD : SIGCHLD;

	pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
	if (pid == 0)
		_exit(become_job(context, fd) < 0 || helper(context) < 0);
	return pid;
}
