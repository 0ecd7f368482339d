/* The command line of `sandlot run`: parsed once, borrowed by everything after. */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include <stddef.h>

#include "base/error.h"

enum { RUN_OPTIONS_MAX = 16, RUN_ARGS_MAX = 64 };

/* Exit statuses of our own; all others are the program's. */
enum run_exit {
	RUN_EXIT_COMPILE = 1,	/* it did not compile */
	RUN_EXIT_USAGE = 64,	/* sysexits.h: EX_USAGE */
	RUN_EXIT_NO_INPUT = 66, /* sysexits.h: EX_NOINPUT */
	RUN_EXIT_TIMEOUT = 124, /* as timeout(1) */
	RUN_EXIT_SERVER = 125,	/* the server or the sandbox failed, not the program */
	RUN_EXIT_SIGNAL = 128,	/* plus the signal's number, as shells have it */
};

/* One --option NAME=VALUE; name is not terminated. */
struct run_option {
	const char *name;
	size_t name_len;
	const char *value;
};

struct run_options {
	const char *server;   /* URL without a trailing slash is not required */
	const char *language; /* NULL: by the file's extension */
	const char *file;     /* path, or "-" for stdin */
	struct run_option options[RUN_OPTIONS_MAX];
	size_t option_count;
	const char *const *args; /* for the program */
	size_t arg_count;
	int forward_stdin; /* 1: even from a terminal */
};

enum run_parsed { RUN_PARSED_GO, RUN_PARSED_HELP };

/*
 * Takes the command line apart; ret_options borrows from argv and the environment. Returns an enum
 * run_parsed, or -EINVAL with a sentence that names what is wrong.
 */
int run_options_parse(int argc, char **argv, struct run_options *ret_options, struct error *err);

/* Prints the help text on stdout. */
void run_options_help(void);

#endif
