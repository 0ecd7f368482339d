/* One cell from launch to end, with its streams and clocks: what `sandlot cell` is about. */
#ifndef SANDBOX_CLI_SESSION_H
#define SANDBOX_CLI_SESSION_H

#include "sandbox/sandbox.h"

struct cli_ended {
	struct cell_result result;
	struct cli_stream {
		uint64_t bytes; /* passed on */
		int truncated;	/* there was more */
	} out, err;
	int signal; /* SIGINT, SIGTERM or SIGHUP that ended it, or 0 */
};

/*
 * Launches, forwards stdin, stdout and stderr, enforces wall time, processor time and output, and
 * collects. launch: the stdio fds are set here. Returns 0, or a negative errno when nothing was
 * launched.
 */
int cli_session_run(struct cell_host *host, struct cell_launch *launch, struct cli_ended *ret_ended,
		    struct error *err);

#endif
