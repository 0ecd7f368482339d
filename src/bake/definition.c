#include "bake/definition.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bake/json.h"
#include "bake/recipe.h"
#include "bake/recipe_sources.h"
#include "bake/vet_set.h"
#include "base/fd.h"
#include "image/record.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

static const struct json_field image_fields[] = {
	{"schema", JSON_SHAPE_NUMBER, 0},  {"name", JSON_SHAPE_TEXT, 0},
	{"epoch", JSON_SHAPE_NUMBER, 0},   {"toolchains", JSON_SHAPE_TEXT, 0},
	{"base", JSON_SHAPE_TEXT, 0},	   {"languages", JSON_SHAPE_TEXTS, 0},
	{"crate_set", JSON_SHAPE_TEXT, 1}, {"tools", JSON_SHAPE_ARRAY, 1},
};

static const struct json_field base_fields[] = {
	{"schema", JSON_SHAPE_NUMBER, 0},  {"suite", JSON_SHAPE_TEXT, 0},
	{"suites", JSON_SHAPE_TEXTS, 0},   {"keyring", JSON_SHAPE_TEXT, 0},
	{"packages", JSON_SHAPE_TEXTS, 0}, {"remove", JSON_SHAPE_TEXTS, 0},
	{"folders", JSON_SHAPE_TEXTS, 0},  {"links", JSON_SHAPE_TEXT_MAP, 0},
	{"files", JSON_SHAPE_TEXT_MAP, 0}, {"prepare", JSON_SHAPE_ARRAY, 0},
	{"merge", JSON_SHAPE_TEXT_MAP, 0},
};

/* What has been read: all of it as one hash, and each file with its own. */
struct inputs {
	struct digest digest;
	json_t *files;		/* borrowed from the definition */
	const char *folder;	/* borrowed; paths are listed below it */
	struct path toolchains; /* and this */
};

/* What a file is called in lists: the same wherever the project lies. */
static const char *listed_name(const struct inputs *inputs, const char *path, struct path *scratch)
{
	const struct {
		const char *folder, *shown;
	} rows[] = {{inputs->toolchains.text, "toolchains"}, {inputs->folder, "image"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].folder);
		if (len == 0 || strncmp(path, rows[i].folder, len) != 0 || path[len] != '/')
			continue;
		if (path_format(scratch, NULL, "%s%s", rows[i].shown, path + len) >= 0)
			return scratch->text;
	}
	return path;
}

static int list_file(struct inputs *inputs, const char *path, const void *data, size_t len,
		     struct error *err)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;
	struct path scratch;

	digest_begin(&digest);
	digest_add(&digest, data, len);
	int r = digest_end(&digest, hex, err);
	if (r >= 0 &&
	    json_array_append_new(inputs->files, json_pack("{s:s, s:s}", "path",
							   listed_name(inputs, path, &scratch),
							   "sha256", hex)) < 0)
		r = error_set(err, -ENOMEM, "definition", "cannot list %s", path);
	return r;
}

/* Reads a whole file and adds it to what the definition is made from. */
static int read_part(struct inputs *inputs, const char *path, char **ret_text, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "definition", "cannot open %s", path);
	size_t len;
	int r = fd_read_all(fd, JSON_FILE_MAX, ret_text, &len);
	if (r < 0)
		return error_set(err, r, "definition", "cannot read %s", path);
	digest_field(&inputs->digest, "file", *ret_text, len);
	return list_file(inputs, path, *ret_text, len, err);
}

static int read_json(struct inputs *inputs, const char *path, json_t **ret_json, struct error *err)
{
	_cleanup_free_ char *text = NULL;

	int r = read_part(inputs, path, &text, err);
	return r < 0 ? r : json_read_file(path, ret_json, err);
}

/* Every name in a list of places must stay inside the image. */
static int check_places(const json_t *base, const char *key, const char *file, struct error *err)
{
	const json_t *places = json_object_get(base, key);
	struct json_place place = {file, key};
	const char *name;
	size_t i;
	json_t *item;

	json_array_foreach (places, i, item)
		if (!path_is_below(json_string_value(item)))
			return json_refuse(place, NULL, err, "has \"%s\", no path inside the image",
					   json_string_value(item));
	json_object_foreach ((json_t *)places, name, item)
		if (!path_is_below(name))
			return json_refuse(place, NULL, err, "has \"%s\", no path inside the image",
					   name);
	return 0;
}

/* A folder at the top of packages goes somewhere below. */
static int check_merge(const json_t *base, const char *file, struct error *err)
{
	const json_t *merge = json_object_get(base, "merge");
	struct json_place place = {file, "merge"};
	const char *name;
	json_t *to;

	if (json_object_size(merge) > DEFINITION_MERGE_MAX)
		return json_refuse(place, NULL, err, "must have at most %d entries",
				   DEFINITION_MERGE_MAX);
	json_object_foreach ((json_t *)merge, name, to)
		if (!path_is_below(name) || strchr(name, '/') ||
		    !path_is_below(json_string_value(to)))
			return json_refuse(place, name, err,
					   "must be a folder at the top and where it goes to");
	return 0;
}

static int read_base(struct definition *definition, struct inputs *inputs, const char *toolchains,
		     struct error *err)
{
	static const char *const keys[] = {"remove", "folders", "links", "files"};
	struct path path;

	int r = path_format(&path, err, "%s/%s", toolchains, json_text(definition->json, "base"));
	if (r >= 0)
		r = read_json(inputs, path.text, &definition->base, err);
	struct json_place place = {path.text, ""};
	if (r >= 0)
		r = json_check_object(definition->base, FIELDS(base_fields), place, err);
	if (r >= 0)
		r = json_check_schema(definition->base, 1, place, err);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && r >= 0; i++)
		r = check_places(definition->base, keys[i], path.text, err);
	if (r >= 0)
		r = check_merge(definition->base, path.text, err);
	if (r >= 0)
		r = recipe_check_prepare(json_object_get(definition->base, "prepare"), path.text,
					 err);
	return r;
}

int recipe_source(const struct recipe *recipe, const char *name, char **ret_text, struct error *err)
{
	struct path path;

	int r = path_format(&path, err, "%s/%s", recipe->folder.text, name);
	if (r < 0)
		return r;
	if (!path_is_below(name))
		return error_set_plain(err, -EINVAL, "definition",
				       "%s/recipe.json: \"%s\" is not a file beside it",
				       recipe->folder.text, name);
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "definition", "cannot open %s, named in recipe.json",
				 path.text);
	_cleanup_free_ char *text = NULL;
	size_t len;
	r = fd_read_all(fd, DEFINITION_SOURCE_MAX, &text, &len);
	if (r < 0)
		return error_set(err, r, "definition", "cannot read %s", path.text);
	if (strlen(text) != len)
		return error_set_plain(err, -EINVAL, "definition", "%s has a NUL byte", path.text);
	*ret_text = TAKE_PTR(text);
	return 0;
}

static int add_source(const struct recipe *recipe, struct inputs *inputs, const char *name,
		      struct error *err)
{
	_cleanup_free_ char *text = NULL;
	struct path path;

	int r = recipe_source(recipe, name, &text, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/%s", recipe->folder.text, name);
	if (r < 0)
		return r;
	digest_field_text(&inputs->digest, "source", text);
	return list_file(inputs, path.text, text, strlen(text), err);
}

static int read_recipe(struct recipe *recipe, struct inputs *inputs, struct error *err)
{
	struct path path;
	size_t i;
	json_t *check;

	int r = path_format(&path, err, "%s/recipe.json", recipe->folder.text);
	if (r >= 0)
		r = read_json(inputs, path.text, &recipe->json, err);
	if (r >= 0)
		r = recipe_check(recipe->json, path.text, err);
	if (r < 0)
		return r;
	recipe->id = json_text(json_object_get(recipe->json, "language"), "id");
	r = add_source(recipe, inputs, json_text(recipe->json, "sample"), err);
	if (r >= 0)
		r = add_source(recipe, inputs,
			       json_text(json_object_get(recipe->json, "hello"), "file"), err);
	const char *script = json_text(json_object_get(recipe->json, "rust"), "crates_script");
	if (r >= 0 && script)
		r = add_source(recipe, inputs, script, err);
	json_array_foreach (json_object_get(recipe->json, "checks"), i, check)
		if (r >= 0 && json_text(check, "file"))
			r = add_source(recipe, inputs, json_text(check, "file"), err);
	return r;
}

static int read_recipes(struct definition *definition, struct inputs *inputs,
			const char *toolchains, const char *file, struct error *err)
{
	const json_t *languages = json_object_get(definition->json, "languages");
	struct json_place place = {file, "languages"};
	size_t i;
	json_t *name;

	if (json_array_size(languages) == 0 ||
	    json_array_size(languages) > DEFINITION_LANGUAGES_MAX)
		return json_refuse(place, NULL, err, "must have 1 to %d entries",
				   DEFINITION_LANGUAGES_MAX);
	json_array_foreach (languages, i, name) {
		struct recipe *recipe = &definition->recipes[definition->recipe_count];
		if (!path_is_below(json_string_value(name)))
			return json_refuse(place, NULL, err, "has \"%s\", no folder of toolchains",
					   json_string_value(name));
		int r = path_format(&recipe->folder, err, "%s/%s", toolchains,
				    json_string_value(name));
		definition->recipe_count++;
		if (r >= 0)
			r = read_recipe(recipe, inputs, err);
		if (r < 0)
			return r;
		for (size_t k = 0; k < i; k++)
			if (strcmp(definition->recipes[k].id, recipe->id) == 0)
				return json_refuse(place, NULL, err, "has \"%s\" twice",
						   recipe->id);
	}
	return 0;
}

/* Adds checked "tools", which may be NULL. */
static int add_tools(struct definition *definition, const json_t *tools, const char *folder,
		     const char *file, struct error *err)
{
	struct json_place place = {file, "tools"};
	size_t i;
	json_t *tool;

	json_array_foreach (tools, i, tool) {
		const char *name = json_text(tool, "name");
		for (size_t k = 0; k < definition->tool_count; k++)
			if (strcmp(json_text(definition->tools[k].json, "name"), name) == 0)
				return json_refuse(place, NULL, err,
						   "has \"%s\", which this image has already",
						   name);
		if (definition->tool_count >= DEFINITION_TOOLS_MAX)
			return json_refuse(place, NULL, err,
					   "makes more than %d tools in the image",
					   DEFINITION_TOOLS_MAX);
		definition->tools[definition->tool_count++] = (struct tool_wanted){tool, folder};
	}
	return 0;
}

static int collect_tools(struct definition *definition, const char *file, struct error *err)
{
	const json_t *tools = json_object_get(definition->json, "tools");

	int r = recipe_check_tools(tools, file, err);
	if (r >= 0)
		r = add_tools(definition, tools, definition->folder.text, file, err);
	for (size_t i = 0; i < definition->recipe_count && r >= 0; i++) {
		const struct recipe *recipe = &definition->recipes[i];
		struct path path;
		r = path_format(&path, err, "%s/recipe.json", recipe->folder.text);
		if (r >= 0)
			r = add_tools(definition, json_object_get(recipe->json, "tools"),
				      recipe->folder.text, path.text, err);
	}
	return r;
}

/* Where the crate set is: below toolchains, or "./FOLDER" beside image.json. */
static int find_crates(struct definition *definition, const char *toolchains, const char *file,
		       struct error *err)
{
	const char *set = json_text(definition->json, "crate_set");
	const int is_own = strncmp(set, "./", 2) == 0;

	if (!path_is_below(is_own ? set + 2 : set))
		return json_refuse((struct json_place){file, ""}, "crate_set", err,
				   "must be a folder of toolchains, or ./FOLDER beside this file");
	return path_format(&definition->crates, err, "%s/%s",
			   is_own ? definition->folder.text : toolchains, is_own ? set + 2 : set);
}

/* What it says of vetting must make sense, too. */
static int check_vetting(const char *set, struct error *err)
{
	struct vet_policy policy;
	json_auto_t *index = NULL;
	struct path path;

	int r = path_format(&path, err, "%s/" VET_POLICY_FILE, set);
	if (r >= 0)
		r = vet_policy_read(path.text, &policy, err);
	if (r < 0)
		return r;
	vet_policy_fini(&policy);
	return vet_index_read(set, &index, err);
}

static int read_crates(struct definition *definition, struct inputs *inputs, const char *toolchains,
		       const char *file, struct error *err)
{
	_cleanup_free_ char *toml = NULL, *lock = NULL, *policy = NULL, *own = NULL, *index = NULL;
	const struct {
		const char *name;
		char **ret_text;
		int optional;
	} parts[] = {
		{"Cargo.toml", &toml, 0},
		{"Cargo.lock", &lock, 0},
		{"check.rs", &definition->crates_check, 1},
		{"check.stdout", &definition->crates_stdout, 1},
		{VET_POLICY_FILE, &policy, 1}, /* check_vetting() says more when it is missing */
		{VET_OWN_FILE, &own, 1},
		{VET_INDEX_FILE, &index, 1}}; /* which has the hashes of what was imported */
	struct path path;

	if (!json_text(definition->json, "crate_set"))
		return 0;
	int r = find_crates(definition, toolchains, file, err);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && r >= 0; i++) {
		r = path_format(&path, err, "%s/%s", definition->crates.text, parts[i].name);
		if (r >= 0 && (!parts[i].optional || path_exists(path.text)))
			r = read_part(inputs, path.text, parts[i].ret_text, err);
	}
	return r < 0 ? r : check_vetting(definition->crates.text, err);
}

static int read_all(struct definition *definition, struct inputs *inputs, struct error *err)
{
	struct path file;
	const char *toolchains = inputs->toolchains.text;

	int r = path_format(&file, err, "%s/image.json", definition->folder.text);
	if (r >= 0)
		r = read_json(inputs, file.text, &definition->json, err);
	struct json_place place = {file.text, ""};
	if (r >= 0)
		r = json_check_object(definition->json, FIELDS(image_fields), place, err);
	if (r >= 0)
		r = json_check_schema(definition->json, 1, place, err);
	if (r < 0)
		return r;
	definition->name = json_text(definition->json, "name");
	if (!record_name_is_valid(definition->name))
		return json_refuse(place, "name", err, "must be [a-z0-9._-]{1,63}");
	definition->epoch = json_integer_value(json_object_get(definition->json, "epoch"));
	r = path_format(&inputs->toolchains, err, "%s/%s", definition->folder.text,
			json_text(definition->json, "toolchains"));
	if (r >= 0)
		r = read_base(definition, inputs, toolchains, err);
	if (r >= 0)
		r = read_recipes(definition, inputs, toolchains, file.text, err);
	if (r >= 0)
		r = collect_tools(definition, file.text, err);
	if (r >= 0)
		r = read_crates(definition, inputs, toolchains, file.text, err);
	return r;
}

int definition_read(const char *folder, struct definition **ret_definition, struct error *err)
{
	struct definition *definition = calloc(1, sizeof(*definition));
	if (!definition)
		return error_set(err, -ENOMEM, "definition", "cannot read %s", folder);

	definition->files = json_array();
	struct inputs inputs = {.files = definition->files, .folder = definition->folder.text};
	digest_begin(&inputs.digest);
	int r = path_format(&definition->folder, err, "%s", folder);
	if (r >= 0)
		r = read_all(definition, &inputs, err);
	if (r >= 0)
		r = digest_end(&inputs.digest, definition->digest, err);
	else
		digest_drop(&inputs.digest);
	if (r < 0) {
		definition_free(definition);
		return r;
	}
	*ret_definition = definition;
	return 0;
}

struct definition *definition_free(struct definition *definition)
{
	if (!definition)
		return NULL;
	for (size_t i = 0; i < definition->recipe_count; i++)
		json_decref(definition->recipes[i].json);
	json_decref(definition->files);
	json_decref(definition->base);
	json_decref(definition->json);
	free(definition->crates_check);
	free(definition->crates_stdout);
	free(definition);
	return NULL;
}

const struct recipe *definition_rust(const struct definition *definition)
{
	for (size_t i = 0; i < definition->recipe_count; i++)
		if (json_object_get(definition->recipes[i].json, "rust"))
			return &definition->recipes[i];
	return NULL;
}
