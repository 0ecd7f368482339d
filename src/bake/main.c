/*
 * `sandlot bake`: makes an image from a definition. See bake.h and docs/baking.md.
 */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bake/bake.h"
#include "base/clock.h"

enum { EXIT_USAGE = 64, EXIT_INTERRUPTED = 130 };

static const char help[] =
	"Usage: sandlot bake [OPTION]... FOLDER\n"
	"Bakes the image that FOLDER/image.json defines: a read-only tree with compilers, "
	"interpreters\n"
	"and crates, and a manifest of its languages. Needs root.\n"
	"\n"
	"  --output LINK  make LINK a symbolic link to the finished image\n"
	"  --cache DIR    keep downloads, parts and images there; otherwise in $SANDLOT_CACHE,\n"
	"                 $XDG_CACHE_HOME/sandlot or ~/.cache/sandlot\n"
	"  --refresh      take the newest Debian packages; otherwise those in the cache stay\n"
	"  --verbose      show what the tools print\n"
	"  --help         show this\n"
	"\n"
	"What was made before of the same inputs is taken from the cache, so baking again without "
	"a\n"
	"change takes a fraction of a second. An interrupted bake leaves nothing unfinished "
	"behind.\n"
	"\n"
	"Examples:\n"
	"  sandlot bake --output build/image images/default\n"
	"  sandlot bake --refresh --output build/image images/default\n"
	"  SANDLOT_CACHE=/var/cache/sandlot sandlot bake --verbose images/default\n";

enum { OPT_OUTPUT = 256, OPT_CACHE, OPT_REFRESH, OPT_VERBOSE, OPT_HELP };

static const struct option long_options[] = {
	{"output", required_argument, NULL, OPT_OUTPUT},
	{"cache", required_argument, NULL, OPT_CACHE},
	{"refresh", no_argument, NULL, OPT_REFRESH},
	{"verbose", no_argument, NULL, OPT_VERBOSE},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

/* Returns -1 to go on, or an exit status. */
static int parse(int argc, char **argv, struct bake_options *options)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case OPT_OUTPUT:
			options->output = optarg;
			break;
		case OPT_CACHE:
			options->cache = optarg;
			break;
		case OPT_REFRESH:
			options->refresh = 1;
			break;
		case OPT_VERBOSE:
			options->verbose = 1;
			break;
		case OPT_HELP:
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			fputs("sandlot bake: try sandlot bake --help\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind + 1 != argc) {
		fputs("sandlot bake: name one folder that holds an image.json, such as "
		      "images/default; try sandlot bake --help\n",
		      stderr);
		return EXIT_USAGE;
	}
	options->definition = argv[optind];
	return -1;
}

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

static int run(const struct bake_options *options)
{
	struct bake *bake = calloc(1, sizeof(*bake));
	struct error err = {.code = 0};
	struct path image = {.text = ""};
	uint64_t started = clock_monotonic_usec();

	if (!bake) {
		fputs("sandlot bake: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	int r = bake_run(bake, options, &image, &err);
	if (r >= 0) {
		uint64_t msec = (clock_monotonic_usec() - started) / USEC_PER_MSEC;
		fprintf(stderr, "image %s is %s (%llu.%llu s)\n", bake->definition->name,
			image.text, (unsigned long long)msec / 1000,
			(unsigned long long)msec / 100 % 10);
	} else {
		error_print("sandlot bake", &err);
		print_tail(bake->tail);
	}
	bake_fini(bake);
	free(bake);
	if (r == -EINTR)
		return EXIT_INTERRUPTED;
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct bake_options options = {.definition = NULL};

	setlocale(LC_CTYPE, "C.UTF-8"); /* names in archives are UTF-8 */
	umask(022);
	child_block_signals();
	int status = parse(argc, argv, &options);
	return status >= 0 ? status : run(&options);
}
