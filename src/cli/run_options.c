#include "cli/run_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char default_server[] = "http://127.0.0.1:8080";

enum option_key {
	KEY_HELP = 'h',
	KEY_SERVER = 's',
	KEY_LANGUAGE = 'l',
	KEY_OPTION = 'o',
	KEY_STDIN = 'i',
	KEY_RELEASE = 'r'
};

static const struct option long_options[] = {
	{"help", no_argument, NULL, KEY_HELP},
	{"server", required_argument, NULL, KEY_SERVER},
	{"language", required_argument, NULL, KEY_LANGUAGE},
	{"option", required_argument, NULL, KEY_OPTION},
	{"release", no_argument, NULL, KEY_RELEASE},
	{"stdin", no_argument, NULL, KEY_STDIN},
	{NULL, 0, NULL, 0},
};

void run_options_help(void)
{
	printf("usage: sandlot run [OPTIONS] FILE|- [-- ARGUMENTS…]\n\n"
	       "Runs a file through a Sandlot server and shows its output as it is printed.\n\n"
	       "  -s, --server URL         the server (default: $SANDLOT_SERVER, else %s)\n"
	       "  -l, --language ID        its language (default: by the file's extension)\n"
	       "  -o, --option NAME=VALUE  an option of the language, such as channel=nightly;\n"
	       "                           may be given several times\n"
	       "  -r, --release            short for --option mode=release\n"
	       "  -i, --stdin              let the program read this terminal; what is not a\n"
	       "                           terminal is always forwarded\n"
	       "  -h, --help               this text\n\n"
	       "Exit status: the program's own; 128 + N when signal N ended it; %d when it does "
	       "not\n"
	       "compile; %d when it took too long; 137 out of memory; 141 too much output;\n"
	       "%d when the server or the sandbox failed; %d wrong usage; %d no such file.\n",
	       default_server, RUN_EXIT_COMPILE, RUN_EXIT_TIMEOUT, RUN_EXIT_SERVER, RUN_EXIT_USAGE,
	       RUN_EXIT_NO_INPUT);
}

static int option_add(struct run_options *options, const char *text, struct error *err)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return error_set_plain(err, -EINVAL, "arguments",
				       "--option takes NAME=VALUE, not \"%.60s\"", text);
	if (options->option_count == RUN_OPTIONS_MAX)
		return error_set_plain(err, -EINVAL, "arguments", "more than %d options",
				       RUN_OPTIONS_MAX);
	options->options[options->option_count++] =
		(struct run_option){text, (size_t)(equals - text), equals + 1};
	return 0;
}

static int argument_fault(int key, char **argv, struct error *err)
{
	return error_set_plain(err, -EINVAL, "arguments", "%s \"%.60s\"; see sandlot run --help",
			       key == ':' ? "a value is missing after" : "unknown option",
			       argv[optind - 1]);
}

/* What follows the options: FILE, then "--" and the program's arguments. */
static int operands_take(int argc, char **argv, struct run_options *options, struct error *err)
{
	if (optind >= argc)
		return error_set_plain(err, -EINVAL, "arguments",
				       "name the file to run, or - to read it from stdin");
	options->file = argv[optind++];
	if (optind < argc) {
		if (strcmp(argv[optind], "--") != 0)
			return error_set_plain(err, -EINVAL, "arguments",
					       "unexpected \"%.60s\"; options go before the file, "
					       "the program's arguments after --",
					       argv[optind]);
		optind++;
	}
	options->args = (const char *const *)argv + optind;
	options->arg_count = (size_t)(argc - optind);
	if (options->arg_count > RUN_ARGS_MAX)
		return error_set_plain(err, -EINVAL, "arguments",
				       "more than %d arguments for the program", RUN_ARGS_MAX);
	if (options->forward_stdin && strcmp(options->file, "-") == 0)
		return error_set_plain(err, -EINVAL, "arguments",
				       "--stdin needs a file: stdin holds the source already");
	return RUN_PARSED_GO;
}

int run_options_parse(int argc, char **argv, struct run_options *ret_options, struct error *err)
{
	const char *environment = getenv("SANDLOT_SERVER");
	struct run_options options = {
		.server = environment && environment[0] ? environment : default_server,
	};
	int key, r = 0;

	optind = 0; /* glibc: start afresh */
	while ((key = getopt_long(argc, argv, "+:hs:l:o:ri", long_options, NULL)) != -1) {
		switch (key) {
		case KEY_HELP:
			return RUN_PARSED_HELP;
		case KEY_SERVER:
			options.server = optarg;
			break;
		case KEY_LANGUAGE:
			options.language = optarg;
			break;
		case KEY_OPTION:
			r = option_add(&options, optarg, err);
			break;
		case KEY_RELEASE:
			r = option_add(&options, "mode=release", err);
			break;
		case KEY_STDIN:
			options.forward_stdin = 1;
			break;
		default:
			r = argument_fault(key, argv, err);
		}
		if (r < 0)
			return r;
	}
	r = operands_take(argc, argv, &options, err);
	if (r >= 0)
		*ret_options = options;
	return r;
}
