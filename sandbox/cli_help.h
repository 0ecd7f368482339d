/* What `sandlot cell` says about itself. */
#ifndef SANDBOX_CLI_HELP_H
#define SANDBOX_CLI_HELP_H

void cli_print_help(void);

/* The step table: number, who does it, name, what it does. */
void cli_print_steps(void);

/* The number of the step with this name, or -1. */
int cli_step_number(const char *name);

#endif
