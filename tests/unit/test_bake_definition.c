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
	static const char *const places[][2] = {
		{"language", NULL}, {"language", "compile"}, {"language", "run"}, {"hello", NULL},
		{"version", NULL},  {"rust", NULL},	     {"rust", "debian"}};

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(definition_read_projects_own_is_taken),
		cmocka_unit_test(definition_read_missing_folder_is_told),
		cmocka_unit_test(definition_read_name_that_is_none_is_refused),
		cmocka_unit_test(recipe_check_unknown_keys_are_refused),
		cmocka_unit_test(recipe_check_missing_keys_are_refused),
		cmocka_unit_test(recipe_check_wrong_types_are_refused),
		cmocka_unit_test(recipe_check_what_does_not_fit_together_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
