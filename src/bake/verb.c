#include "bake/verb.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 24, OPT_FIRST = 256, OPT_HELP = OPT_FIRST + OPTIONS_MAX };

static int wrong(const struct verb *verb, const char *about, const char *what)
{
	const char *space = verb->name[0] ? " " : "";

	fprintf(stderr, "sandlot bake%s%s: %s%s; try sandlot bake%s%s --help\n", space, verb->name,
		about, what, space, verb->name);
	return VERB_EXIT_USAGE;
}

static int set_count(const char *text, unsigned *ret_count)
{
	char *end;

	errno = 0;
	unsigned long value = strtoul(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-' || value < 1 || value > VERB_COUNT_MAX)
		return -EINVAL;
	*ret_count = (unsigned)value;
	return 0;
}

static int set_form(const char *text, enum bake_form *ret_form)
{
	static const char *const names[] = {[BAKE_FORM_TREE] = "tree", [BAKE_FORM_EROFS] = "erofs"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], text) == 0) {
			*ret_form = (enum bake_form)i;
			return 0;
		}
	return -EINVAL;
}

/* Returns -1 to go on, or an exit status. */
static int set_option(const struct verb *verb, const struct verb_option *option,
		      const char *argument, struct bake_options *options)
{
	void *field = (char *)options + option->offset;

	switch (option->kind) {
	case VERB_OPTION_TEXT:
		*(const char **)field = argument;
		break;
	case VERB_OPTION_FLAG:
		*(int *)field = 1;
		break;
	case VERB_OPTION_COUNT:
		if (set_count(argument, field) < 0)
			return wrong(verb, option->name, " wants a number from 1 to 1024");
		break;
	case VERB_OPTION_FORM:
		if (set_form(argument, field) < 0)
			return wrong(verb, option->name, " is tree or erofs");
		break;
	}
	return -1;
}

int verb_parse(const struct verb *verb, int argc, char **argv, struct bake_options *ret_options)
{
	struct option table[OPTIONS_MAX + 2] = {{NULL, 0, NULL, 0}};
	int c, status;

	for (size_t i = 0; i < verb->option_count && i < OPTIONS_MAX; i++)
		table[i] = (struct option){
			verb->options[i].name,
			verb->options[i].kind == VERB_OPTION_FLAG ? no_argument : required_argument,
			NULL, OPT_FIRST + (int)i};
	table[verb->option_count] = (struct option){"help", no_argument, NULL, OPT_HELP};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (c == OPT_HELP) {
			fputs(verb->help, stdout);
			return EXIT_SUCCESS;
		}
		if (c == ':')
			return wrong(verb, argv[optind - 1], " wants an argument");
		if (c < OPT_FIRST)
			return wrong(verb, argv[optind - 1], " is no option of it");
		status = set_option(verb, &verb->options[c - OPT_FIRST], optarg, ret_options);
		if (status >= 0)
			return status;
	}
	int count = argc - optind;
	if (count < verb->arguments_min)
		return wrong(verb,
			     verb->wants ? verb->wants
					 : "name an image, such as default or images/default",
			     "");
	if (count > verb->arguments_max)
		return wrong(verb, argv[optind + verb->arguments_max], " is one word too many");
	ret_options->arguments = (const char *const *)argv + optind;
	ret_options->argument_count = (size_t)count;
	return -1;
}

/* The last lines of a tool that failed, set in. */
static void print_tail(const char *tail)
{
	if (!tail[0])
		return;
	fputs("  ", stderr);
	for (; *tail; tail++) {
		fputc(*tail, stderr);
		if (*tail == '\n' && tail[1])
			fputs("  ", stderr);
	}
}

int verb_fail(const struct error *err, const char *tail)
{
	error_print("sandlot bake", err);
	print_tail(tail);
	return err->code == -EINTR ? VERB_EXIT_INTERRUPTED : EXIT_FAILURE;
}
