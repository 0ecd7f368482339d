#include "bake/debian_wanted.h"

#include <errno.h>
#include <stdio.h>

#include "bake/json.h"
#include "bake/packages.h"
#include "bake/recipe_sources.h"
#include "bake/rust.h"
#include "bake/tools.h"

enum { PART_SIZE = 128 };

static int add_names(json_t *names, const json_t *more, struct error *err)
{
	int r = packages_add_names(names, more);

	if (r == -EINVAL)
		return error_set_plain(err, r, "debian",
				       "a package's name in the base or a recipe is not "
				       "[a-z0-9+.-]");
	return r < 0 ? error_set(err, r, "debian", "cannot list the packages") : 0;
}

/* Adds the packages of the "deb" source of a part, if it has one. */
static int add_alternative(json_t *alternatives, const char *group, const char *name,
			   const json_t *sources, struct error *err)
{
	const json_t *deb = recipe_source_of(sources, "deb");
	char part[PART_SIZE];

	if (!deb)
		return 0;
	snprintf(part, sizeof(part), "%s.%s", group, name);
	json_t *names = json_array();
	if (json_object_set_new(alternatives, part, names) < 0)
		return error_set(err, -ENOMEM, "debian", "cannot list the packages");
	return add_names(names, json_object_get(deb, "packages"), err);
}

static int add_alternatives(const struct bake *bake, int all, json_t *alternatives,
			    struct error *err)
{
	const struct recipe *recipe = definition_rust(bake->definition);
	const json_t *rust = recipe ? json_object_get(recipe->json, "rust") : NULL;
	const char *name;
	json_t *wanted;
	int r = 0;

	json_object_foreach (json_object_get(rust, "channels"), name, wanted) {
		const struct channel *channel = rust_channel(bake, name);
		if (r >= 0 && (all || (channel && channel->from_debian)))
			r = add_alternative(alternatives, "rust", name,
					    json_object_get(wanted, "sources"), err);
	}
	for (size_t i = 0; i < bake->definition->tool_count && r >= 0; i++) {
		const json_t *tool = bake->definition->tools[i].json;
		if (all || tools_is_from_debian(bake, i))
			r = add_alternative(alternatives, "tools", json_text(tool, "name"),
					    json_object_get(tool, "sources"), err);
	}
	return r;
}

int debian_wanted_find(const struct bake *bake, int all, struct debian_wanted *ret_wanted,
		       struct error *err)
{
	const struct definition *definition = bake->definition;
	json_auto_t *names = json_array();
	json_auto_t *alternatives = json_object();
	if (!names || !alternatives)
		return error_set(err, -ENOMEM, "debian", "cannot list the packages");

	int r = add_names(names, json_object_get(definition->base, "packages"), err);
	for (size_t i = 0; i < definition->recipe_count && r >= 0; i++)
		r = add_names(names, json_object_get(definition->recipes[i].json, "packages"), err);
	if (r >= 0)
		r = add_alternatives(bake, all, alternatives, err);
	if (r < 0)
		return r;
	*ret_wanted = (struct debian_wanted){json_incref(names), json_incref(alternatives)};
	return 0;
}

json_t *debian_wanted_together(const struct debian_wanted *wanted)
{
	json_auto_t *names = json_copy(wanted->names);
	const char *part;
	json_t *more;

	if (!names)
		return NULL;
	json_object_foreach (wanted->alternatives, part, more)
		if (packages_add_names(names, more) < 0)
			return NULL;
	return json_incref(names);
}

void debian_wanted_fini(struct debian_wanted *wanted)
{
	json_decref(wanted->names);
	json_decref(wanted->alternatives);
	*wanted = (struct debian_wanted){NULL, NULL};
}
