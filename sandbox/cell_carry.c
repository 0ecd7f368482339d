/*
 * A folder that goes from one compile of a visitor's to his next, through a memfd that others keep
 * meanwhile. What is in it was made by his compiler, and may be anything: it is packed and unpacked
 * by a helper that has all the walls around it that the job has. When that fails, the compile does
 * without: it is no failure of the job's.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/cell_carried.h"
#include "sandbox/cell.h"

static int confine(struct cell_context *context)
{
	int r = job_landlock(context);

	return r < 0 ? r : job_seccomp(context);
}

static int unpack(struct cell_context *context)
{
	int r = confine(context);

	return r < 0 ? r : carried_unpack(STDIN_FILENO, context->carry);
}

static int pack(struct cell_context *context)
{
	int r = confine(context);

	return r < 0 ? r : carried_pack(STDIN_FILENO, context->carry);
}

/* Has it ended well? */
static int helper_end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return status == 0;
}

int cell_unpack_carried(struct cell_context *context)
{
	pid_t pid = context->carry[0] ? cell_start_helper(context, CELL_FD_CARRY, unpack) : -1;

	context->carried = pid > 0 && helper_end(pid);
	return 0;
}

pid_t cell_pack_begin(struct cell_context *context)
{
	return context->carry[0] ? cell_start_helper(context, CELL_FD_CARRY, pack) : -1;
}

int cell_pack_end(pid_t pid)
{
	return pid > 0 && helper_end(pid);
}
