/* `sandlot bake check IMAGE`. */
#include <stdio.h>
#include <stdlib.h>

#include "bake/image_name.h"
#include "bake/verb.h"

static const char help[] =
	"Usage: sandlot bake check IMAGE...\n"
	"Reads all files that images are made from (image.json, recipes, crate sets), as a bake "
	"does "
	"first,\n"
	"and names what is wrong with them. Fetches nothing and makes nothing; needs no root.\n"
	"\n"
	"Examples:\n"
	"  sandlot bake check default\n"
	"  sandlot bake check images/*\n";

enum { IMAGES_MAX = 1000 };

static int check(const char *image, struct error *err)
{
	struct definition *definition = NULL;
	struct path folder;

	int r = image_name_find(image, &folder, err);
	if (r >= 0)
		r = definition_read(folder.text, &definition, err);
	definition_free(definition);
	return r;
}

static int run(const struct bake_options *options)
{
	int status = EXIT_SUCCESS;

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
	.arguments_min = 1,
	.arguments_max = IMAGES_MAX,
	.run = run,
};
