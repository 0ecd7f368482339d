/* `sandlot bake add-crate NAME`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bake/crate_add.h"
#include "bake/image_name.h"
#include "bake/verb.h"

static const char help[] =
	"Usage: sandlot bake add-crate [OPTION]... NAME[@VERSION]\n"
	"Adds a crate of the registry to a crate set: changes its Cargo.toml and Cargo.lock by "
	"the\n"
	"machine's cargo and shows what gets in with it. Nothing of a crate runs. When something\n"
	"fails, the set is as it was. Versions are chosen that the set's rust-version can "
	"compile.\n"
	"\n"
	"  --features A,B  features to switch on besides the default ones\n"
	"  --set FOLDER    the set; otherwise that of the default image\n"
	"  --verbose       show what cargo prints\n"
	"  --help          show this\n"
	"\n"
	"Examples:\n"
	"  sandlot bake add-crate rand\n"
	"  sandlot bake new mine\n"
	"  sandlot bake add-crate --set images/mine/crates --features serde chrono@0.4\n";

static const struct verb_option options_known[] = {
	VERB_OPTION("features", TEXT, features),
	VERB_OPTION("set", TEXT, set),
	VERB_OPTION("verbose", FLAG, verbose),
};

static int find_set(const struct bake_options *options, struct path *ret_set, struct error *err)
{
	struct definition *definition = NULL;
	struct path image;

	if (options->set)
		return path_format(ret_set, err, "%s", options->set);
	int r = image_name_find("default", &image, err);
	if (r >= 0)
		r = definition_read(image.text, &definition, err);
	if (r >= 0)
		*ret_set = definition->crates;
	definition_free(definition);
	return r;
}

/* "  rand 0.9.1, 100 kB, MIT, build script" */
static void print_new(const struct crate_add *add, const struct cargo_package *package)
{
	struct crate_facts facts;

	crate_add_facts(add, package, &facts);
	printf("  %s %s", package->name, package->version);
	if (facts.bytes)
		printf(", %" PRIu64 " kB", (facts.bytes + 999) / 1000);
	if (!facts.is_compiled) {
		puts(", not compiled on this platform");
		return;
	}
	printf(", %s%s%s\n", facts.licence, facts.has_build_script ? ", build script" : "",
	       facts.is_proc_macro ? ", procedural macro" : "");
}

static void print_changes(const struct crate_add *add)
{
	size_t count = 0, compiled = 0;

	for (size_t i = 0; i < add->now.count; i++) {
		const struct cargo_package *package = &add->now.packages[i];
		struct crate_facts facts;
		if (crate_add_has(&add->was, package))
			continue;
		if (count++ == 0)
			puts("gets in:");
		print_new(add, package);
		crate_add_facts(add, package, &facts);
		compiled += (size_t)facts.is_compiled;
	}
	if (count == 0)
		puts("no crate gets in that was not there already");
	else
		printf("that is %zu crates, %zu of them compiled on this platform\n", count,
		       compiled);
	for (size_t i = 0; i < add->was.count; i++)
		if (!crate_add_has(&add->now, &add->was.packages[i]))
			printf("goes: %s %s\n", add->was.packages[i].name,
			       add->was.packages[i].version);
}

static int run(const struct bake_options *options)
{
	struct crate_add_spec spec = {.crate = options->arguments[0],
				      .features = options->features};
	struct bake *bake = calloc(1, sizeof(*bake));
	struct crate_add add = {.metadata = NULL};
	struct error err = {.code = 0};
	struct path set;

	if (!bake) {
		fputs("sandlot bake: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	progress_init(&bake->progress, 0, options->verbose);
	int r = find_set(options, &set, &err);
	spec.set = set.text;
	if (r >= 0)
		r = crate_add_prepare(bake, &spec, &add, &err);
	if (r >= 0) {
		print_changes(&add);
		r = crate_add_commit(&add, set.text, &err);
	}
	int status = r < 0 ? verb_fail(&err, bake->tail) : EXIT_SUCCESS;
	if (r >= 0)
		printf("%s/Cargo.toml and Cargo.lock are changed; now bake an image that has this "
		       "set: sandlot bake IMAGE\n",
		       set.text);
	crate_add_fini(&add);
	free(bake);
	return status;
}

const struct verb verb_add_crate = {
	.name = "add-crate",
	.what = "add a crate to a crate set",
	.help = help,
	.wants = "name a crate, such as rand or rand@0.9",
	.options = options_known,
	.option_count = sizeof(options_known) / sizeof(options_known[0]),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
