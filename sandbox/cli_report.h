/* How `sandlot cell` tells of the end: JSON for programs, a line for people, an exit status. */
#ifndef SANDBOX_CLI_REPORT_H
#define SANDBOX_CLI_REPORT_H

#include "sandbox/cli_session.h"

enum cli_exit {
	CLI_EXIT_USAGE = 64,
	CLI_EXIT_TIMEOUT = 124,
	CLI_EXIT_SANDBOX = 125,
	CLI_EXIT_MEMORY = 137,
	CLI_EXIT_OUTPUT = 141,
};

/* Writes one JSON object and a newline. A report nobody reads is nobody's loss: failures are
 * ignored. */
void cli_report_write(int fd, const struct cli_ended *ended);

/* Says on stderr what an exit status alone would not tell. */
void cli_report_say(const struct cell_result *result);

/* The exit status; signal: that ended `sandlot cell` itself, or 0. */
int cli_report_exit(const struct cell_result *result, int signal);

#endif
