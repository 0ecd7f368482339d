#include "bake/recipe_steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bake/template.h"
#include "base/bundle.h"
#include "base/fd.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

static const struct json_field compile_fields[] = {
	{"argv", JSON_SHAPE_ARRAY, 0},
	{"env", JSON_SHAPE_OBJECT, 1},
	{"artefact", JSON_SHAPE_TEXT, 0},
	{"carries", JSON_SHAPE_OBJECT, 1},
};

static const struct json_field carries_fields[] = {
	{"folder", JSON_SHAPE_TEXT, 0},
	{"words", JSON_SHAPE_TEXTS, 0},
	{"when", JSON_SHAPE_ANY, 1},
};

static const struct json_field action_fields[] = {
	{"argv", JSON_SHAPE_ARRAY, 0},
	{"env", JSON_SHAPE_OBJECT, 1},
	{"artefact", JSON_SHAPE_TEXT, 1},
};

static const struct json_field run_fields[] = {
	{"argv", JSON_SHAPE_ARRAY, 0},	  {"env", JSON_SHAPE_OBJECT, 1},
	{"files", JSON_SHAPE_BOOLEAN, 1}, {"skip_unless", JSON_SHAPE_ANY, 1},
	{"collects", JSON_SHAPE_TEXT, 1},
};

static const struct json_field when_fields[] = {
	{"when", JSON_SHAPE_ANY, 0},
	{"words", JSON_SHAPE_TEXTS, 0},
};

static const struct json_field later_fields[] = {
	{"later", JSON_SHAPE_TEXT, 0},
	{"as", JSON_SHAPE_TEXT, 0},
	{"words", JSON_SHAPE_ARRAY, 0},
};

static const struct json_field env_fields[] = {
	{"when", JSON_SHAPE_ANY, 0},
	{"value", JSON_SHAPE_TEXT, 0},
};

static int has_value(const json_t *option, const char *value)
{
	return template_among(json_object_get(option, "values"), value);
}

/* The options a condition names must be there, with the values it names. */
static int check_condition_object(const json_t *when, const json_t *options,
				  struct json_place place, struct error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)when, key, value) {
		const json_t *option = json_object_get(options, key);
		size_t i;
		json_t *item;
		if (!option)
			return json_refuse(place, key, err, "is not an option of this language");
		if (!json_is_string(value)) {
			int r = json_check_shape(value, JSON_SHAPE_TEXTS, key, place, err);
			if (r < 0)
				return r;
		} else if (!has_value(option, json_string_value(value))) {
			return json_refuse(place, key, err, "has no value \"%s\"",
					   json_string_value(value));
		}
		json_array_foreach (value, i, item)
			if (!has_value(option, json_string_value(item)))
				return json_refuse(place, key, err, "has no value \"%s\"",
						   json_string_value(item));
	}
	return 0;
}

int recipe_check_condition(const json_t *when, const json_t *options, struct json_place place,
			   struct error *err)
{
	json_t *one;
	size_t i;

	if (when && !json_is_array(when)) {
		int r = json_check_shape(when, JSON_SHAPE_OBJECT, "the condition", place, err);
		return r < 0 ? r : check_condition_object(when, options, place, err);
	}
	json_array_foreach (when, i, one) {
		int r = json_check_shape(one, JSON_SHAPE_OBJECT, "an alternative", place, err);
		if (r >= 0)
			r = check_condition_object(one, options, place, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Fills a template with the defaults, to see that it names options only. */
static int check_template(const char *text, const json_t *language, struct json_place place,
			  struct error *err)
{
	_cleanup_free_ char *filled = NULL;
	const struct template_values values = {.language = language, .main_file = "main"};
	struct error why = {0};

	if (strcmp(text, "{args}") == 0 || strcmp(text, "{files}") == 0 ||
	    strcmp(text, "{diagnostics}") == 0 || strcmp(text, "{lines}") == 0)
		return 0;
	if (template_fill(text, &values, &filled, &why) < 0)
		return json_refuse(place, NULL, err, "has the template \"%s\": %s", text, why.text);
	return 0;
}

/* A word, or words under a condition. */
static int check_words(const json_t *item, const json_t *language, struct json_place place,
		       struct error *err)
{
	size_t i;
	json_t *word;

	if (json_is_string(item))
		return check_template(json_string_value(item), language, place, err);
	int r = json_check_object(item, FIELDS(when_fields), place, err);
	if (r >= 0)
		r = recipe_check_condition(json_object_get(item, "when"),
					   json_object_get(language, "options"), place, err);
	json_array_foreach (json_object_get(item, "words"), i, word)
		if (r >= 0)
			r = check_template(json_string_value(word), language, place, err);
	return r;
}

static int check_path(const json_t *object, const char *key, struct json_place place,
		      struct error *err)
{
	const char *path = json_text(object, key);

	return !path || bundle_path_is_valid(path, strlen(path))
		       ? 0
		       : json_refuse(place, key, err, "is \"%s\", no path below /playground", path);
}

/* Words that a program which was started before its job reads from a FIFO. */
static int check_later(const json_t *item, const json_t *language, struct json_place place,
		       struct error *err)
{
	size_t i;
	json_t *words;

	int r = json_check_object(item, FIELDS(later_fields), place, err);
	if (r < 0)
		return r;
	r = check_path(item, "later", place, err);
	if (r >= 0)
		r = check_template(json_text(item, "as"), language, place, err);
	json_array_foreach (json_object_get(item, "words"), i, words)
		if (r >= 0)
			r = check_words(words, language, place, err);
	return r;
}

int recipe_check_argv(const json_t *argv, const json_t *language, struct json_place place,
		      struct error *err)
{
	size_t i;
	json_t *item;

	if (!json_is_string(json_array_get(argv, 0)) ||
	    json_string_value(json_array_get(argv, 0))[0] != '/')
		return json_refuse(place, NULL, err, "must start with an absolute path");
	json_array_foreach (argv, i, item) {
		int is_later = json_object_get(item, "later") != NULL;
		if (is_later && i + 1 < json_array_size(argv))
			return json_refuse(place, NULL, err, "has words after the later ones");
		int r = is_later ? check_later(item, language, place, err)
				 : check_words(item, language, place, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A text, or one that counts under a condition only. */
static int check_env(const json_t *env, const json_t *language, struct json_place step,
		     struct error *err)
{
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach ((json_t *)env, key, value) {
		char where[2 * RECIPE_WHERE_MAX];
		snprintf(where, sizeof(where), "%s.env.%s", step.path, key);
		struct json_place place = {step.file, where};
		if (json_is_object(value)) {
			r = json_check_object(value, FIELDS(env_fields), place, err);
			if (r >= 0)
				r = recipe_check_condition(json_object_get(value, "when"),
							   json_object_get(language, "options"),
							   place, err);
			value = json_object_get(value, "value");
		} else {
			r = json_check_shape(value, JSON_SHAPE_TEXT, NULL, place, err);
		}
		if (r >= 0)
			r = check_template(json_string_value(value), language, place, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A folder that goes from one compile to the next. */
static int check_carries(const json_t *carries, const json_t *language, struct json_place step,
			 struct error *err)
{
	char where[RECIPE_WHERE_MAX];
	struct json_place place = {step.file, where};
	const json_t *word;
	size_t i;

	snprintf(where, sizeof(where), "%s.carries", step.path);
	int r = json_check_object(carries, FIELDS(carries_fields), place, err);
	if (r < 0)
		return r;
	const char *folder = json_text(carries, "folder");
	if (!bundle_path_is_valid(folder, strlen(folder)))
		return json_refuse(place, "folder", err, "is \"%s\", no path below /playground",
				   folder);
	r = recipe_check_condition(json_object_get(carries, "when"),
				   json_object_get(language, "options"), place, err);
	json_array_foreach (json_object_get(carries, "words"), i, word)
		if (r >= 0)
			r = check_template(json_string_value(word), language, place, err);
	return r;
}

int recipe_check_step(const json_t *step, enum recipe_step kind, const json_t *language,
		      struct json_place place, struct error *err)
{
	static const struct {
		const struct json_field *fields;
		size_t count;
	} shapes[] = {
		[RECIPE_COMPILE] = {FIELDS(compile_fields)},
		[RECIPE_RUN] = {FIELDS(run_fields)},
		[RECIPE_ACTION] = {FIELDS(action_fields)},
	};
	char where[RECIPE_WHERE_MAX];

	int r = json_check_object(step, shapes[kind].fields, shapes[kind].count, place, err);
	if (r >= 0)
		r = check_env(json_object_get(step, "env"), language, place, err);
	if (r >= 0)
		r = check_path(step, "collects", place, err);
	if (r >= 0 && json_text(step, "artefact"))
		r = check_template(json_text(step, "artefact"), language, place, err);
	if (r >= 0 && json_object_get(step, "carries"))
		r = check_carries(json_object_get(step, "carries"), language, place, err);
	if (r >= 0)
		r = recipe_check_condition(json_object_get(step, "skip_unless"),
					   json_object_get(language, "options"), place, err);
	if (r < 0)
		return r;
	snprintf(where, sizeof(where), "%s.argv", place.path);
	return recipe_check_argv(json_object_get(step, "argv"), language,
				 (struct json_place){place.file, where}, err);
}
