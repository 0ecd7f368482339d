/*
 * sandlot-image, the program behind `sandlot image`: looks after the images that were baked or
 * brought in. One verb per file.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bake/child.h"
#include "store/verb.h"

enum { EXIT_USAGE = 64, EXIT_INTERRUPTED = 130 };

static const struct verb *const verbs[] = {
	&verb_list,   &verb_show, &verb_verify,	  &verb_diff,	&verb_sign, &verb_export,
	&verb_import, &verb_use,  &verb_rollback, &verb_remove, &verb_gc,
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static const char names_help[] =
	"\n"
	"An IMAGE is the first digits of an id (at least 4), a name (the newest of it), a path,\n"
	"`current` (the one in use) or `previous` (the one before).\n"
	"\n"
	"`sandlot image VERB --help` says more about one.\n";

static void help(FILE *out)
{
	fputs("Usage: sandlot image VERB [OPTION]... [IMAGE]...\n"
	      "Looks after the images that were baked here or brought in.\n\n",
	      out);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(out, "  %-10s%s\n", verbs[i]->name, verbs[i]->summary);
	fputs(names_help, out);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static int unknown(const char *name)
{
	fprintf(stderr, "sandlot image: there is no verb \"%.60s\"; verbs are:", name);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(stderr, " %s", verbs[i]->name);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct options options;
	struct error err = {.code = 0};
	char program[64];

	snprintf(program, sizeof(program), "sandlot image %s", verb->name);
	int r = options_parse(verb, argc, argv, &options, &err);
	if (r == OPTIONS_HELP) {
		verb_help(verb);
		return EXIT_SUCCESS;
	}
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", program, err.text);
		return EXIT_USAGE;
	}
	if (verb->changes)
		child_block_signals();
	r = verb->run(&options, &err);
	if (r >= 0)
		return r;
	fprintf(stderr, "%s: %s\n", program, err.text);
	return r == -EINTR ? EXIT_INTERRUPTED : verb->trouble ? verb->trouble : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	umask(022);
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	const char *name = argv[1];
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		help(stdout);
		return EXIT_SUCCESS;
	}
	const struct verb *verb = find_verb(name);
	return verb ? run(verb, argc - 1, argv + 1) : unknown(name);
}
