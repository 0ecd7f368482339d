/* Strictness: the project's own files are taken, and every way to spoil them is refused with the
 * place. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/definition.h"
#include "bake/json.h"
#include "bake/recipe.h"

static void assert_refused(json_t *recipe, const char *word)
{
	struct error err = {.code = 0};

	assert_int_equal(recipe_check(recipe, "r.json", &err), -EINVAL);
	assert_non_null(strstr(err.text, "r.json"));
	if (!strstr(err.text, word))
		fail_msg("\"%s\" lacks \"%s\"", err.text, word);
}

static json_t *rust_recipe(void)
{
	json_t *recipe =
		json_load_file("toolchains/rust/recipe.json", JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(recipe);
	return recipe;
}

static json_t *at(json_t *object, const char *a, const char *b)
{
	json_t *found = json_object_get(object, a);
	return b ? json_object_get(found, b) : found;
}

static void definition_read_projects_own_is_taken(void **state)
{
	struct definition *definition = NULL, *again = NULL;
	struct error err = {.code = 0};

	(void)state;
	if (definition_read("images/default", &definition, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(definition->name, "default");
	assert_string_equal(definition->recipes[0].id, "rust");
	assert_ptr_equal(definition_rust(definition), &definition->recipes[0]);
	assert_int_equal(definition_read("images/default", &again, &err), 0);
	assert_string_equal(definition->digest, again->digest);
	definition_free(definition);
	definition_free(again);
}

static void definition_read_missing_folder_is_told(void **state)
{
	struct definition *definition = NULL;
	struct error err = {.code = 0};

	(void)state;
	assert_int_equal(definition_read("images/none", &definition, &err), -ENOENT);
	assert_non_null(strstr(err.text, "images/none/image.json"));
}

static void recipe_check_unknown_keys_are_refused(void **state)
{
	static const char *const places[][2] = {{"language", NULL},  {"language", "compile"},
						{"language", "run"}, {"hello", NULL},
						{"version", NULL},   {"rust", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		json_auto_t *recipe = rust_recipe();
		json_object_set_new(at(recipe, places[i][0], places[i][1]), "colour",
				    json_string("red"));
		assert_refused(recipe, "colour is an unknown key");
	}
}

static void recipe_check_missing_keys_are_refused(void **state)
{
	static const char *const places[][2] = {{"language", "id"},	 {"language", "run"},
						{"language", "options"}, {"hello", "stdout"},
						{"version", "argv"},	 {"rust", "keep"}};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		json_auto_t *recipe = rust_recipe();
		json_object_del(at(recipe, places[i][0], NULL), places[i][1]);
		assert_refused(recipe, "is missing");
	}
}

static void recipe_check_wrong_types_are_refused(void **state)
{
	static const char *const places[][2] = {{"language", "id"},	 {"language", "run"},
						{"language", "aliases"}, {"hello", "file"},
						{"version", "argv"},	 {"rust", "channels"}};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		json_auto_t *recipe = rust_recipe();
		json_object_set_new(at(recipe, places[i][0], NULL), places[i][1], json_real(1.5));
		assert_refused(recipe, "must be");
	}
}

static void recipe_check_what_does_not_fit_together_is_refused(void **state)
{
	json_auto_t *recipe = rust_recipe();
	json_t *options = at(recipe, "language", "options");

	(void)state;
	json_object_set_new(at(options, "mode", NULL), "default", json_string("fast"));
	assert_refused(recipe, "not among values");
	json_object_set_new(at(options, "mode", NULL), "default", json_string("debug"));
	json_object_set_new(at(options, "channel", "unavailable"), "stable", json_string("No."));
	assert_refused(recipe, "which is among values");
	json_object_del(at(options, "channel", "unavailable"), "stable");
	json_object_set_new(at(recipe, "language", "run"), "skip_unless",
			    json_pack("{s:s}", "crate_type", "tree"));
	assert_refused(recipe, "has no value \"tree\"");
	json_object_set_new(at(recipe, "language", "run"), "skip_unless",
			    json_pack("{s:s}", "shape", "bin"));
	assert_refused(recipe, "is not an option");
	json_object_set_new(at(recipe, "language", "run"), "skip_unless", json_string("shape"));
	assert_refused(recipe, "the condition must be an object");
	json_object_del(at(recipe, "language", "run"), "skip_unless");
	json_array_append_new(json_object_get(at(recipe, "language", "run"), "argv"),
			      json_string("{shape}"));
	assert_refused(recipe, "{shape}");
}

/* The name goes into the image's record, which takes no other. */
static void definition_read_name_that_is_none_is_refused(void **state)
{
	char folder[] = "/tmp/sandlot-unit-XXXXXX", path[64];
	struct definition *definition = NULL;
	struct error err = {.code = 0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/image.json", folder);
	json_t *json = json_load_file("images/default/image.json", 0, NULL);
	json_object_set_new(json, "name", json_string("My image"));
	assert_int_equal(json_dump_file(json, path, 0), 0);
	assert_int_equal(definition_read(folder, &definition, &err), -EINVAL);
	assert_non_null(strstr(err.text, "name must be [a-z0-9._-]{1,63}"));
	json_decref(json);
	unlink(path);
	rmdir(folder);
}

/* ---- where things may come from: "rust.channels" and "tools" ---- */

#define SUM "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char tools_text[] =
	"[{\"name\": \"zig\", \"to\": \"opt/zig\", \"sources\": ["
	" {\"kind\": \"tar\", \"file\": \"zig.tar.xz\", \"sha256\": \"" SUM
	"\", \"top\": \"zig-1\"},"
	" {\"kind\": \"dir\", \"path\": \"/opt/zig\", \"tree_sha256\": \"" SUM "\"},"
	" {\"kind\": \"deb\", \"packages\": [\"zig\"]}]}]";

static json_t *recipe_with_tools(void)
{
	json_t *recipe = rust_recipe(), *tools = json_loads(tools_text, 0, NULL);

	assert_non_null(tools);
	json_object_set_new(recipe, "tools", tools);
	return recipe;
}

/* The n-th source of the channel stable, or of the tool. */
static json_t *source_of(json_t *recipe, int is_tool, size_t n)
{
	json_t *part = is_tool ? json_array_get(json_object_get(recipe, "tools"), 0)
			       : at(at(recipe, "rust", "channels"), "stable", NULL);
	return json_array_get(json_object_get(part, "sources"), n);
}

static void recipe_check_sources_are_taken(void **state)
{
	json_auto_t *recipe = recipe_with_tools();
	struct error err = {.code = 0};

	(void)state;
	if (recipe_check(recipe, "r.json", &err) < 0)
		fail_msg("%s", err.text);
}

static void recipe_check_sources_every_key_counts(void **state)
{
	(void)state;
	for (size_t n = 0; n < 6; n++) {
		json_auto_t *whole = recipe_with_tools();
		const char *key;
		json_t *value;
		json_object_foreach (source_of(whole, n / 3 == 1, n % 3), key, value) {
			json_auto_t *less = recipe_with_tools(), *other = recipe_with_tools();
			json_object_del(source_of(less, n / 3 == 1, n % 3), key);
			if (strcmp(key, "top") != 0)
				assert_refused(less, "is missing");
			json_object_set_new(source_of(other, n / 3 == 1, n % 3), key,
					    json_real(1.5));
			assert_refused(other, "must be");
		}
		json_object_set_new(source_of(whole, n / 3 == 1, n % 3), "colour",
				    json_string("red"));
		assert_refused(whole, "colour is an unknown key");
	}
}

static void recipe_check_odd_sources_are_refused(void **state)
{
	static const struct {
		int is_tool;
		size_t n;
		const char *key, *value, *word;
	} odd[] = {
		{0, 0, "kind", "tar", "none here"},
		{0, 0, "kind", "floppy", "none here"},
		{1, 0, "kind", "rustup", "none here"},
		{0, 0, "toolchain", "../stable", "must be a word"},
		{0, 1, "channel", "a/b", "must be a word"},
		{1, 0, "sha256", "abc", "64"},
		{1, 0, "top", "..", "must be a word"},
		{1, 1, "tree_sha256", "", "64"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		json_auto_t *recipe = recipe_with_tools();
		json_object_set_new(source_of(recipe, odd[i].is_tool, odd[i].n), odd[i].key,
				    json_string(odd[i].value));
		assert_refused(recipe, odd[i].word);
	}
	json_auto_t *recipe = recipe_with_tools();
	json_array_append_new(json_object_get(source_of(recipe, 1, 2), "packages"),
			      json_string("--option"));
	assert_refused(recipe, "no package's name");
}

static void recipe_check_odd_tools_are_refused(void **state)
{
	static const char *const odd[][3] = {{"to", "../zig", "no path inside"},
					     {"to", "/zig", "no path inside"},
					     {"name", "a b", "must be a word"},
					     {"name", "", "must be a word"}};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		json_auto_t *recipe = recipe_with_tools();
		json_object_set_new(json_array_get(json_object_get(recipe, "tools"), 0), odd[i][0],
				    json_string(odd[i][1]));
		assert_refused(recipe, odd[i][2]);
	}
	json_auto_t *recipe = recipe_with_tools();
	json_array_append(at(json_array_get(json_object_get(recipe, "tools"), 0), "sources", NULL),
			  source_of(recipe, 1, 2));
	assert_refused(recipe, "\"deb\" twice");
	json_array_clear(at(json_array_get(json_object_get(recipe, "tools"), 0), "sources", NULL));
	assert_refused(recipe, "at least one");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(definition_read_projects_own_is_taken),
		cmocka_unit_test(definition_read_missing_folder_is_told),
		cmocka_unit_test(definition_read_name_that_is_none_is_refused),
		cmocka_unit_test(recipe_check_unknown_keys_are_refused),
		cmocka_unit_test(recipe_check_missing_keys_are_refused),
		cmocka_unit_test(recipe_check_wrong_types_are_refused),
		cmocka_unit_test(recipe_check_sources_are_taken),
		cmocka_unit_test(recipe_check_sources_every_key_counts),
		cmocka_unit_test(recipe_check_odd_sources_are_refused),
		cmocka_unit_test(recipe_check_odd_tools_are_refused),
		cmocka_unit_test(recipe_check_what_does_not_fit_together_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
