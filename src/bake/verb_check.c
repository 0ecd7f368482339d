/* `sandlot bake check IMAGE`. */
#include <stdio.h>
#include <stdlib.h>

#include "bake/config.h"
#include "bake/image_name.h"
#include "bake/lock.h"
#include "bake/verb.h"

static const char help[] = "Usage: sandlot bake check [OPTION]... IMAGE...\n"
			   "Reads all files that images are made from (image.json, lock.json, "
			   "recipes, crate sets) and "
			   "the\n"
			   "configuration, as a bake does first, and names what is wrong with "
			   "them. Fetches nothing and "
			   "makes\n"
			   "nothing; needs no root.\n"
			   "\n"
			   "  --config FILE  as for sandlot bake\n"
			   "  --help         show this\n"
			   "\n"
			   "Examples:\n"
			   "  sandlot bake check default\n"
			   "  sandlot bake check images/*\n";

enum { IMAGES_MAX = 1000 };

static const struct verb_option options_known[] = {
	VERB_OPTION("config", TEXT, config),
};

static int check(const char *image, struct error *err)
{
	struct definition *definition = NULL;
	json_auto_t *lock = NULL;
	struct path folder;

	int r = image_name_find(image, &folder, err);
	if (r >= 0)
		r = definition_read(folder.text, &definition, err);
	if (r >= 0)
		r = lock_read(folder.text, &lock, err);
	definition_free(definition);
	return r;
}

static int check_config(const char *path, struct error *err)
{
	struct config config;

	int r = config_read(path, &config, err);
	config_fini(&config);
	return r;
}

static int run(const struct bake_options *options)
{
	int status = EXIT_SUCCESS;
	struct error wrong = {.code = 0};

	if (check_config(options->config, &wrong) < 0)
		status = verb_fail(&wrong, "");
	for (size_t i = 0; i < options->argument_count; i++) {
		struct error err = {.code = 0};
		if (check(options->arguments[i], &err) < 0)
			status = verb_fail(&err, "");
		else
			printf("%s: good\n", options->arguments[i]);
	}
	return status;
}

const struct verb verb_check = {
	.name = "check",
	.what = "say what is wrong with an image's files",
	.help = help,
	.options = options_known,
	.option_count = sizeof(options_known) / sizeof(options_known[0]),
	.arguments_min = 1,
	.arguments_max = IMAGES_MAX,
	.run = run,
};
