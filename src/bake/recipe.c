#include "bake/recipe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bake/actions.h"
#include "bake/json.h"
#include "bake/path.h"
#include "bake/recipe_sources.h"
#include "bake/recipe_steps.h"
#include "bake/selftest_judge.h"
#include "bake/template.h"
#include "base/fd.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

static const struct json_field recipe_fields[] = {
	{"schema", JSON_SHAPE_NUMBER, 0},  {"packages", JSON_SHAPE_TEXTS, 0},
	{"version", JSON_SHAPE_OBJECT, 0}, {"language", JSON_SHAPE_OBJECT, 0},
	{"sample", JSON_SHAPE_TEXT, 0},	   {"hello", JSON_SHAPE_OBJECT, 0},
	{"checks", JSON_SHAPE_ARRAY, 0},   {"rust", JSON_SHAPE_OBJECT, 1},
	{"prepare", JSON_SHAPE_ARRAY, 1},  {"tools", JSON_SHAPE_ARRAY, 1},
	{"remove", JSON_SHAPE_TEXTS, 1},
};

static const struct json_field prepare_fields[] = {
	{"name", JSON_SHAPE_TEXT, 0},
	{"script", JSON_SHAPE_TEXT, 0},
};

static const struct json_field version_fields[] = {
	{"argv", JSON_SHAPE_TEXTS, 0},
	{"prefix", JSON_SHAPE_TEXT, 0},
};

static const struct json_field language_fields[] = {
	{"id", JSON_SHAPE_TEXT, 0},	   {"name", JSON_SHAPE_TEXT, 0},
	{"aliases", JSON_SHAPE_TEXTS, 0},  {"main_file", JSON_SHAPE_TEXT, 0},
	{"editor", JSON_SHAPE_TEXT, 0},	   {"options", JSON_SHAPE_OBJECT, 0},
	{"compile", JSON_SHAPE_OBJECT, 1}, {"run", JSON_SHAPE_OBJECT, 0},
	{"actions", JSON_SHAPE_ARRAY, 1},  {"diagnostics", JSON_SHAPE_OBJECT, 1},
};

static const struct json_field diagnostics_fields[] = {
	{"format", JSON_SHAPE_TEXT, 0},
	{"words", JSON_SHAPE_TEXTS, 0},
};

static const struct json_field option_fields[] = {
	{"values", JSON_SHAPE_TEXTS, 0},  {"default", JSON_SHAPE_TEXT, 0},
	{"label", JSON_SHAPE_TEXT, 0},	  {"unavailable", JSON_SHAPE_TEXT_MAP, 1},
	{"actions", JSON_SHAPE_TEXTS, 1},
};

static const struct json_field hello_fields[] = {
	{"file", JSON_SHAPE_TEXT, 0},
	{"stdout", JSON_SHAPE_TEXT, 0},
	{"for_each", JSON_SHAPE_TEXTS, 1},
};

static int is_id(const char *text)
{
	size_t len = strlen(text);
	return len >= 1 && len <= 32 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-") == len;
}

static int check_option(const json_t *option, struct json_place place, struct error *err)
{
	int r = json_check_object(option, FIELDS(option_fields), place, err);
	if (r < 0)
		return r;
	const char *initial = json_text(option, "default");
	if (!template_among(json_object_get(option, "values"), initial))
		return json_refuse(place, "default", err, "is \"%s\", which is not among values",
				   initial);
	const char *key;
	json_t *sentence;
	json_object_foreach (json_object_get(option, "unavailable"), key, sentence)
		if (template_among(json_object_get(option, "values"), key))
			return json_refuse(place, "unavailable", err,
					   "names \"%s\", which is among values", key);
	return 0;
}

static int check_options(const json_t *options, struct json_place place, struct error *err)
{
	const char *key;
	json_t *option;

	json_object_foreach ((json_t *)options, key, option) {
		char where[RECIPE_WHERE_MAX];
		snprintf(where, sizeof(where), "%s.%s", place.path, key);
		size_t len = strlen(key);
		if (len < 1 || len > 32 || strspn(key, "abcdefghijklmnopqrstuvwxyz_") != len)
			return json_refuse(place, key, err, "must match [a-z_]{1,32}");
		int r = check_option(option, (struct json_place){place.file, where}, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_diagnostics(const json_t *form, const char *file, struct error *err)
{
	struct json_place place = {file, "language.diagnostics"};

	int r = json_check_object(form, FIELDS(diagnostics_fields), place, err);
	if (r >= 0 && strcmp(json_text(form, "format"), "rustc") != 0 &&
	    strcmp(json_text(form, "format"), "gcc") != 0)
		r = json_refuse(place, "format", err, "must be rustc or gcc");
	return r;
}

static int check_language(const json_t *language, const char *file, struct error *err)
{
	struct json_place place = {file, "language"};
	size_t i;
	json_t *alias;

	int r = json_check_object(language, FIELDS(language_fields), place, err);
	if (r < 0)
		return r;
	if (!is_id(json_text(language, "id")))
		return json_refuse(place, "id", err, "must match [a-z0-9+-]{1,32}");
	json_array_foreach (json_object_get(language, "aliases"), i, alias)
		if (!is_id(json_string_value(alias)))
			return json_refuse(place, "aliases", err, "must match [a-z0-9+-]{1,32}");
	if (!path_is_below(json_text(language, "main_file")))
		return json_refuse(place, "main_file", err, "must be a path below /playground");
	r = check_options(json_object_get(language, "options"),
			  (struct json_place){file, "language.options"}, err);
	if (r >= 0 && json_object_get(language, "compile"))
		r = recipe_check_step(json_object_get(language, "compile"), RECIPE_COMPILE,
				      language, (struct json_place){file, "language.compile"}, err);
	if (r >= 0)
		r = recipe_check_step(json_object_get(language, "run"), RECIPE_RUN, language,
				      (struct json_place){file, "language.run"}, err);
	if (r >= 0)
		r = actions_check(language, file, err);
	if (r >= 0 && json_object_get(language, "diagnostics"))
		r = check_diagnostics(json_object_get(language, "diagnostics"), file, err);
	return r;
}

/* for_each and options of a self-test must name what the language has. */
static int check_choices(const json_t *check, const json_t *options, struct json_place place,
			 struct error *err)
{
	size_t i;
	json_t *name;

	json_array_foreach (json_object_get(check, "for_each"), i, name)
		if (!json_object_get(options, json_string_value(name)))
			return json_refuse(place, "for_each", err, "names \"%s\", no option",
					   json_string_value(name));
	return recipe_check_condition(json_object_get(check, "options"), options, place, err);
}

static int check_checks(const json_t *recipe, const char *file, struct error *err)
{
	const json_t *language = json_object_get(recipe, "language");
	const json_t *options = json_object_get(language, "options");
	const json_t *hello = json_object_get(recipe, "hello");
	struct json_place place = {file, "hello"};
	size_t i;
	json_t *check;

	int r = json_check_object(hello, FIELDS(hello_fields), place, err);
	if (r >= 0)
		r = check_choices(hello, options, place, err);
	json_array_foreach (json_object_get(recipe, "checks"), i, check) {
		char where[RECIPE_WHERE_MAX];
		snprintf(where, sizeof(where), "checks[%zu]", i);
		place.path = where;
		if (r >= 0)
			r = json_check_object(check, selftest_fields, selftest_field_count, place,
					      err);
		if (r >= 0)
			r = selftest_check(check, language, place, err);
		if (r >= 0)
			r = check_choices(check, options, place, err);
	}
	return r;
}

int recipe_check_prepare(const json_t *prepare, const char *file, struct error *err)
{
	size_t i;
	json_t *job;

	json_array_foreach (prepare, i, job) {
		char where[RECIPE_WHERE_MAX];
		snprintf(where, sizeof(where), "prepare[%zu]", i);
		int r = json_check_object(job, FIELDS(prepare_fields),
					  (struct json_place){file, where}, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_remove(const json_t *remove, const char *file, struct error *err)
{
	size_t i;
	json_t *pattern;

	json_array_foreach (remove, i, pattern)
		if (!path_is_below(json_string_value(pattern)))
			return json_refuse((struct json_place){file, ""}, "remove", err,
					   "has \"%s\", no path below the image's root",
					   json_string_value(pattern));
	return 0;
}

int recipe_check(const json_t *recipe, const char *file, struct error *err)
{
	const json_t *language = json_object_get(recipe, "language");
	const json_t *rust = json_object_get(recipe, "rust");
	struct json_place place = {file, ""};

	int r = json_check_object(recipe, FIELDS(recipe_fields), place, err);
	if (r >= 0)
		r = json_check_schema(recipe, 1, place, err);
	if (r >= 0)
		r = json_check_object(json_object_get(recipe, "version"), FIELDS(version_fields),
				      (struct json_place){file, "version"}, err);
	if (r >= 0)
		r = check_language(language, file, err);
	if (r >= 0)
		r = recipe_check_argv(json_object_get(json_object_get(recipe, "version"), "argv"),
				      language, (struct json_place){file, "version.argv"}, err);
	if (r >= 0)
		r = check_checks(recipe, file, err);
	if (r >= 0)
		r = recipe_check_prepare(json_object_get(recipe, "prepare"), file, err);
	if (r >= 0)
		r = check_remove(json_object_get(recipe, "remove"), file, err);
	if (r >= 0)
		r = recipe_check_tools(json_object_get(recipe, "tools"), file, err);
	if (r >= 0 && rust)
		r = recipe_check_rust(rust, json_object_get(language, "options"), file, err);
	return r;
}
