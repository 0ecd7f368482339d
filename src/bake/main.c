/*
 * `sandlot bake`: makes an image from a definition, and what belongs to that. See bake.h and
 * docs/baking.md.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bake/verb.h"

static const struct verb *const verbs[] = {
	&verb_add_crate, &verb_check, &verb_new, &verb_update, &verb_vet,
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static void list_verbs(void)
{
	puts("\nAlso:");
	for (size_t i = 0; i < VERBS; i++)
		printf("  sandlot bake %-10s%s\n", verbs[i]->name, verbs[i]->what);
	puts("`sandlot bake VERB --help` says more. An image that has such a name is "
	     "images/NAME here.");
}

int main(int argc, char **argv)
{
	struct bake_options options = {.image = NULL};
	const struct verb *verb = argc > 1 ? find(argv[1]) : NULL;

	setlocale(LC_CTYPE, "C.UTF-8"); /* names in archives are UTF-8 */
	umask(022);
	child_block_signals();
	if (verb) {
		argc--;
		argv++;
	} else {
		verb = &verb_bake;
	}
	int status = verb_parse(verb, argc, argv, &options);
	if (status < 0)
		return verb->run(&options);
	if (status == 0 && verb == &verb_bake)
		list_verbs();
	return status;
}
