/* `sandlot bake new NAME`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/image_name.h"
#include "bake/json.h"
#include "bake/tree.h"
#include "bake/verb.h"

static const char help[] =
	"Usage: sandlot bake new NAME\n"
	"Makes images/NAME, an image of your own, beside the default one and a copy of it: "
	"image.json\n"
	"and a crate set of its own in images/NAME/crates. Languages come from the same recipes.\n"
	"\n"
	"Examples:\n"
	"  sandlot bake new mine\n"
	"  sandlot bake add-crate --set images/mine/crates rand_pcg\n"
	"  sandlot bake --output build/image mine\n";

/* Files and folders of one tree, copied into another. */
static int copy_entry(void *owner, const struct tree_entry *entry, struct error *err)
{
	const char *to = owner;
	struct path path;

	int r = path_format(&path, err, "%s/%s", to, entry->path);
	if (r < 0)
		return r;
	if (S_ISDIR(entry->st->st_mode))
		return path_make_folders(path.text, err);
	if (!S_ISREG(entry->st->st_mode))
		return error_set_plain(err, -EINVAL, "new", "%s is neither a file nor a folder",
				       entry->full_path);
	return tree_copy_file(entry->full_path, path.text, 0644, NULL, err);
}

static int write_definition(const struct definition *definition, const char *folder,
			    const char *name, struct error *err)
{
	json_auto_t *json = json_deep_copy(definition->json);
	struct path path;

	if (!json || json_object_set_new(json, "name", json_string(name)) < 0 ||
	    (definition->crates.text[0] &&
	     json_object_set_new(json, "crate_set", json_string("./crates")) < 0))
		return error_set(err, -ENOMEM, "new", "cannot write image.json");
	int r = path_format(&path, err, "%s/image.json", folder);
	return r < 0 ? r : json_write_file(path.text, json, err);
}

static int fill(const struct definition *definition, const char *folder, const char *name,
		struct error *err)
{
	struct path path;

	int r = tree_walk(definition->folder.text, copy_entry, (void *)folder, err);
	if (r >= 0)
		r = write_definition(definition, folder, name, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/crates", folder);
	if (r >= 0 && definition->crates.text[0])
		r = tree_walk(definition->crates.text, copy_entry, path.text, err);
	return r;
}

static int make(const char *name, struct path *ret_folder, struct error *err)
{
	struct definition *definition = NULL;
	struct path given, temporary;

	if (!name[0] || name[0] == '-' ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")])
		return error_set_plain(err, -EINVAL, "new",
				       "%s is no name for an image; take letters, digits, _ and -",
				       name);
	int r = image_name_find("default", &given, err);
	if (r >= 0)
		r = path_format(ret_folder, err, "%s/../%s", given.text, name);
	if (r >= 0 && path_exists(ret_folder->text))
		r = error_set_plain(err, -EEXIST, "new", "%s is there already", ret_folder->text);
	if (r >= 0)
		r = path_format(&temporary, err, "%s/../.%s.%d", given.text, name, (int)getpid());
	if (r >= 0)
		r = definition_read(given.text, &definition, err);
	if (r < 0)
		return r;
	r = fill(definition, temporary.text, name, err);
	if (r >= 0 && rename(temporary.text, ret_folder->text) < 0)
		r = error_set(err, -errno, "new", "cannot make %s", ret_folder->text);
	if (r < 0)
		tree_remove(temporary.text, NULL);
	definition_free(definition);
	return r;
}

static int run(const struct bake_options *options)
{
	const char *name = options->arguments[0];
	struct error err = {.code = 0};
	struct path folder, real;

	if (make(name, &folder, &err) < 0)
		return verb_fail(&err, "");
	const char *shown = realpath(folder.text, real.text) ? real.text : folder.text;
	printf("made %s; add crates by\n  sandlot bake add-crate --set %s/crates CRATE\n"
	       "and bake it by\n  sandlot bake %s\n",
	       shown, shown, name);
	return EXIT_SUCCESS;
}

const struct verb verb_new = {
	.name = "new",
	.what = "make an image of your own from the default one",
	.help = help,
	.wants = "name the new image, such as mine",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
