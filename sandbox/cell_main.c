/*
 * sandlot-cell: pid 1 of a cell. Executed by the launcher with the fd table of cell_spec.h, already
 * in its namespaces and mapped; never run by hand. It builds the cell around itself, starts the
 * job, waits for it, ends what is left, hands the artefact out and reports. When it ends the cell
 * is gone.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/cell.h"

static int report_send(const struct cell_report *report)
{
	ssize_t n;

	do
		n = send(CELL_FD_CHANNEL, report, sizeof(*report), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*report) ? 0 : -1;
}

int main(void)
{
	struct cell_context context = {.step = STEP_READ_SPEC};
	struct cell_report report = {0};
	int type;
	socklen_t len = sizeof(type);

	if (getpid() != 1 || getsockopt(CELL_FD_CHANNEL, SOL_SOCKET, SO_TYPE, &type, &len) < 0) {
		fputs("sandlot-cell: only the launcher of a cell may run this; see `sandlot "
		      "cell`\n",
		      stderr);
		return 64;
	}
	if (cell_init_steps(&context) == 0) {
		context.job = cell_start_job(&context);
		if (context.job > 0 && context.error.code == 0)
			cell_feed_steps(&context);
		if (context.job > 0)
			cell_finish_job(&context, &report);
	}
	if (context.error.code < 0) {
		report.started = 0;
		report.error = context.error;
	}
	return report_send(&report) < 0;
}
