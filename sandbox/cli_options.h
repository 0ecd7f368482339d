/* The command line of `sandlot cell`. */
#ifndef SANDBOX_CLI_OPTIONS_H
#define SANDBOX_CLI_OPTIONS_H

#include "base/bundle.h"
#include "base/error.h"
#include "sandbox/sandbox.h"

/* What is asked for. Texts are borrowed from argv. */
struct cli_options {
	const char *image_dir;
	unsigned image_how; /* enum cell_image_how, or-ed */
	enum cell_profile profile;
	struct limits limits;
	unsigned without;
	int fail_at_step;
	int report_fd;		   /* -EBADF: no report */
	const char *artefact_file; /* host file the artefact goes to; NULL: none */
	struct cell_bind binds[CELL_HOST_BINDS_MAX];
	unsigned bind_count;
	struct bundle_writer bundle; /* files, environment and argv, in the order given */
};

enum cli_parse { CLI_RUN, CLI_DONE, CLI_USAGE };

/*
 * Parses. CLI_DONE: --help or --list-steps was answered on stdout. CLI_USAGE: err says what is
 * wrong. Host files are read here, while the host's paths are still visible.
 */
enum cli_parse cli_options_parse(int argc, char **argv, struct cli_options *ret_options,
				 struct error *err);

void cli_options_fini(struct cli_options *options);

#endif
