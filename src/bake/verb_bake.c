/* `sandlot bake IMAGE`. */
#include <stdio.h>
#include <stdlib.h>

#include "bake/verb.h"
#include "base/clock.h"

static const char help[] =
	"Usage: sandlot bake [OPTION]... IMAGE\n"
	"       sandlot bake VERB [OPTION]... [ARGUMENT]...\n"
	"Bakes an image: a read-only tree with compilers, interpreters and crates, and a manifest "
	"of "
	"its\n"
	"languages. IMAGE is the name of a folder in images/, or a folder that has an image.json. "
	"Needs "
	"root.\n"
	"\n"
	"  --output LINK  make LINK a symbolic link to the finished image, and LINK.previous to\n"
	"                 the one before\n"
	"  --form FORM    tree (a folder; the default) or erofs (a file of it besides, which\n"
	"                 servers mount instead)\n"
	"  --cache DIR    keep downloads, parts and images there; otherwise in $SANDLOT_CACHE,\n"
	"                 $XDG_CACHE_HOME/sandlot or ~/.cache/sandlot\n"
	"  --key NAME     sign the image with this key; otherwise with the only one there is, the\n"
	"                 host's, or one that is made (see sandlot key --help)\n"
	"  --keys DIR     the folder of keys; otherwise $SANDLOT_KEYS or /etc/sandlot/keys\n"
	"  --jobs N       do so much at a time; otherwise as much as there are processors\n"
	"  --config FILE  where things may be had from; otherwise /etc/sandlot/bake.json, if it is "
	"there\n"
	"  --refresh      take the newest there is, whatever lock.json says\n"
	"  --verbose      show what the tools print\n"
	"  --help         show this\n"
	"\n"
	"What was made before of the same inputs is taken from the cache, so baking again without "
	"a\n"
	"change takes a fraction of a second. An interrupted bake leaves nothing unfinished "
	"behind.\n"
	"\n"
	"Examples:\n"
	"  sandlot bake default\n"
	"  sandlot bake --output build/image images/default\n"
	"  sandlot bake --refresh --output build/image default\n"
	"  sandlot bake --key release-2026 default\n"
	"  SANDLOT_CACHE=/var/cache/sandlot sandlot bake --verbose default\n";

static const struct verb_option options_known[] = {
	VERB_OPTION("output", TEXT, output),   VERB_OPTION("form", FORM, form),
	VERB_OPTION("cache", TEXT, cache),     VERB_OPTION("config", TEXT, config),
	VERB_OPTION("jobs", COUNT, jobs),      VERB_OPTION("key", TEXT, key),
	VERB_OPTION("keys", TEXT, keys),       VERB_OPTION("refresh", FLAG, refresh),
	VERB_OPTION("verbose", FLAG, verbose),
};

static int run(const struct bake_options *options)
{
	struct bake_options wanted = *options;
	struct bake *bake = calloc(1, sizeof(*bake));
	struct error err = {.code = 0};
	struct path image = {.text = ""};
	uint64_t started = clock_monotonic_usec();
	int status = EXIT_SUCCESS;

	if (!bake) {
		fputs("sandlot bake: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	wanted.image = options->arguments[0];
	if (bake_run(bake, &wanted, &image, &err) < 0) {
		status = verb_fail(&err, bake->tail);
	} else {
		uint64_t msec = (clock_monotonic_usec() - started) / USEC_PER_MSEC;
		fprintf(stderr, "image %s is %s (%llu.%llu s)\n", bake->definition->name,
			image.text, (unsigned long long)msec / 1000,
			(unsigned long long)msec / 100 % 10);
	}
	bake_fini(bake);
	free(bake);
	return status;
}

const struct verb verb_bake = {
	.name = "",
	.help = help,
	.options = options_known,
	.option_count = sizeof(options_known) / sizeof(options_known[0]),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
