#include "sandbox/cli_options.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cell_spec.h"
#include "sandbox/cli_files.h"
#include "sandbox/cli_help.h"

enum option_key {
	OPT_IMAGE = 256,
	OPT_LIMIT,
	OPT_PROFILE,
	OPT_REPORT,
	OPT_FILE,
	OPT_DIR,
	OPT_BIND,
	OPT_EROFS_LOOP,
	OPT_ARTEFACT,
	OPT_ENV,
	OPT_WITHOUT,
	OPT_FAIL_AT,
	OPT_LIST_STEPS,
	OPT_HELP,
};

static const struct option long_options[] = {
	{"image", required_argument, NULL, OPT_IMAGE},
	{"limit", required_argument, NULL, OPT_LIMIT},
	{"profile", required_argument, NULL, OPT_PROFILE},
	{"report", required_argument, NULL, OPT_REPORT},
	{"file", required_argument, NULL, OPT_FILE},
	{"dir", required_argument, NULL, OPT_DIR},
	{"bind", required_argument, NULL, OPT_BIND},
	{"erofs-loop", no_argument, NULL, OPT_EROFS_LOOP},
	{"artefact", required_argument, NULL, OPT_ARTEFACT},
	{"env", required_argument, NULL, OPT_ENV},
	{"without", required_argument, NULL, OPT_WITHOUT},
	{"fail-at", required_argument, NULL, OPT_FAIL_AT},
	{"list-steps", no_argument, NULL, OPT_LIST_STEPS},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int wrong(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int wrong(struct error *err, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set_plain(err, -EINVAL, "usage", "%s", text);
}

/* Cuts "LEFT:RIGHT" in two at colon, which may be NULL. what: the complaint about one that is not
 * so. */
static int parse_pair(char *text, char *colon, const char *what, char **ret_right,
		      struct error *err)
{
	if (!colon || colon == text || !colon[1])
		return wrong(err, "%s, not \"%.100s\"", what, text);
	*colon = '\0';
	*ret_right = colon + 1;
	return 0;
}

static int parse_path(const char *path, struct error *err)
{
	if (!bundle_path_is_valid(path, strlen(path)))
		return wrong(err,
			     "\"%.100s\" is not a path below /playground: relative, without . or "
			     ".. in it",
			     path);
	return 0;
}

static int parse_profile(struct cli_options *options, const char *name, struct error *err)
{
	static const char *const names[CELL_PROFILE_COUNT] = {"compile", "run"};

	for (unsigned i = 0; i < CELL_PROFILE_COUNT; i++)
		if (strcmp(name, names[i]) == 0) {
			options->profile = (enum cell_profile)i;
			return 0;
		}
	return wrong(err, "unknown profile \"%.40s\"; profiles are: run compile", name);
}

static int parse_without(struct cli_options *options, const char *name, struct error *err)
{
	static const char *const names[] = {"seccomp", "landlock", "cgroup",   "rlimits",
					    "net-ns",  "proc",	   "readonly", "uid-drop",
					    "ipc-ns",  "uts-ns",   "pivot",    "cgroup-ns"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0) {
			options->without |= 1U << i;
			return 0;
		}
	return wrong(
		err,
		"unknown layer \"%.40s\"; layers are: seccomp landlock cgroup rlimits net-ns proc "
		"readonly uid-drop ipc-ns uts-ns pivot cgroup-ns",
		name);
}

static int parse_number(const char *text, int *ret_number)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0 || value > 1 << 20)
		return -1;
	*ret_number = (int)value;
	return 0;
}

static int parse_fail_at(struct cli_options *options, const char *text, struct error *err)
{
	int step = parse_number(text, &options->fail_at_step) == 0 ? options->fail_at_step
								   : cli_step_number(text);

	if (step < 0 || step >= CELL_STEP_COUNT)
		return wrong(err, "no step \"%.40s\"; --list-steps shows them all", text);
	options->fail_at_step = step;
	return 0;
}

static int parse_report(struct cli_options *options, const char *text, struct error *err)
{
	if (parse_number(text, &options->report_fd) < 0 || fcntl(options->report_fd, F_GETFD) < 0)
		return wrong(err,
			     "--report takes the number of an open file descriptor, not \"%.40s\"",
			     text);
	return 0;
}

static int parse_bind(struct cli_options *options, char *text, struct error *err)
{
	char *path = NULL;

	if (options->bind_count == CELL_HOST_BINDS_MAX)
		return wrong(err, "too many --bind: \"%.100s\" is one too many", text);
	int r = parse_pair(text, strrchr(text, ':'), "--bind takes HOSTDIR:PATH", &path, err);
	if (r == 0)
		r = parse_path(path, err);
	if (r == 0)
		options->binds[options->bind_count++] = (struct cell_bind){text, path};
	return r;
}

static int parse_file(struct cli_options *options, int key, char *text, struct error *err)
{
	char *path = NULL;
	const char *what =
		key == OPT_FILE ? "--file takes HOSTPATH:PATH" : "--dir takes HOSTDIR:PATH";

	int r = parse_pair(text, strrchr(text, ':'), what, &path, err);
	if (r == 0)
		r = parse_path(path, err);
	if (r < 0)
		return r;
	return key == OPT_FILE ? cli_add_file(&options->bundle, text, path, err)
			       : cli_add_tree(&options->bundle, text, path, err);
}

static int parse_artefact(struct cli_options *options, char *text, struct error *err)
{
	char *file = NULL;

	if (options->artefact_file)
		return wrong(err, "one artefact only, and \"%.100s\" is the second", text);
	int r = parse_pair(text, strchr(text, ':'), "--artefact takes PATH:HOSTFILE", &file, err);
	if (r == 0)
		r = parse_path(text, err);
	if (r < 0)
		return r;
	options->artefact_file = file;
	bundle_add(&options->bundle, BUNDLE_ARTEFACT_OUT, text, NULL, 0);
	return 0;
}

static int parse_env(struct cli_options *options, const char *text, struct error *err)
{
	if (!strchr(text, '=') || text[0] == '=')
		return wrong(err, "--env takes NAME=VALUE, not \"%.100s\"", text);
	bundle_add_text(&options->bundle, BUNDLE_ENV, text);
	return 0;
}

static int parse_option(struct cli_options *options, int key, char *value, struct error *err)
{
	switch (key) {
	case OPT_IMAGE:
		options->image_dir = value;
		return 0;
	case OPT_PROFILE:
	case OPT_LIMIT:
		return 0; /* done before the others: limits change the profile's defaults */
	case OPT_REPORT:
		return parse_report(options, value, err);
	case OPT_FILE:
	case OPT_DIR:
		return parse_file(options, key, value, err);
	case OPT_BIND:
		return parse_bind(options, value, err);
	case OPT_EROFS_LOOP:
		options->image_how |= CELL_IMAGE_BY_LOOP;
		return 0;
	case OPT_ARTEFACT:
		return parse_artefact(options, value, err);
	case OPT_ENV:
		return parse_env(options, value, err);
	case OPT_WITHOUT:
		return parse_without(options, value, err);
	case OPT_FAIL_AT:
		return parse_fail_at(options, value, err);
	default:
		return error_set_plain(err, -EINVAL, "usage", "see sandlot cell --help");
	}
}

/* One pass over the options with a function for each. Returns 0, -EINVAL, or 1 when help was given.
 */
static int each_option(int argc, char **argv, struct cli_options *options,
		       int (*take)(struct cli_options *, int, char *, struct error *),
		       struct error *err)
{
	optind = 1;
	for (;;) {
		int at = optind;
		/* '+': the first word that is no option begins the command; ':': missing values are
		 * told apart */
		int key = getopt_long(argc, argv, "+:", long_options, NULL);
		if (key == -1)
			return 0;
		if (key == OPT_HELP || key == OPT_LIST_STEPS) {
			key == OPT_HELP ? cli_print_help() : cli_print_steps();
			return 1;
		}
		if (key == '?')
			return wrong(err, "unknown option %.60s; see sandlot cell --help",
				     argv[at]);
		if (key == ':')
			return wrong(err, "%.60s needs a value; see sandlot cell --help", argv[at]);
		int r = take(options, key, optarg, err);
		if (r < 0)
			return r;
	}
}

static int take_profile(struct cli_options *options, int key, char *value, struct error *err)
{
	return key == OPT_PROFILE ? parse_profile(options, value, err) : 0;
}

static int take_limit(struct cli_options *options, int key, char *value, struct error *err)
{
	return key == OPT_LIMIT ? limits_parse(&options->limits, value, err) : 0;
}

static int check_whole(const struct cli_options *options, int words, struct error *err)
{
	if (!options->image_dir)
		return error_set_plain(err, -EINVAL, "usage", "--image DIR is missing; see --help");
	if (words == 0)
		return error_set_plain(err, -EINVAL, "usage", "no command: … -- PROGRAM ARGUMENT…");
	return 0;
}

enum cli_parse cli_options_parse(int argc, char **argv, struct cli_options *ret_options,
				 struct error *err)
{
	struct cli_options options = {
		.profile = CELL_RUN,
		.fail_at_step = -1,
		.report_fd = -EBADF,
	};

	opterr = 0;
	int r = each_option(argc, argv, &options, take_profile, err);
	if (r > 0)
		return CLI_DONE;
	options.limits =
		options.profile == CELL_COMPILE ? limits_default_compile() : limits_default_run();
	/* Whose artefact it is, a compiler's or a program's, makes no difference here. */
	options.limits.artefact_bytes = limits_default_compile().artefact_bytes;
	if (r == 0)
		r = each_option(argc, argv, &options, take_limit, err);
	if (r == 0)
		r = each_option(argc, argv, &options, parse_option, err);
	if (r == 0)
		r = check_whole(&options, argc - optind, err);
	if (r < 0) {
		cli_options_fini(&options);
		return CLI_USAGE;
	}
	for (int i = optind; i < argc; i++)
		bundle_add_text(&options.bundle, BUNDLE_ARG, argv[i]);
	*ret_options = options;
	return CLI_RUN;
}

void cli_options_fini(struct cli_options *options)
{
	free(options->bundle.data);
	options->bundle = (struct bundle_writer){0};
}
