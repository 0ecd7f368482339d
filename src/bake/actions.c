#include "bake/actions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bake/json.h"
#include "bake/path.h"
#include "bake/recipe_steps.h"
#include "bake/template.h"
#include "base/fd.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

static const struct json_field action_fields[] = {
	{"id", JSON_SHAPE_TEXT, 0},	  {"name", JSON_SHAPE_TEXT, 0},
	{"result", JSON_SHAPE_TEXT, 0},	  {"syntax", JSON_SHAPE_TEXT, 1},
	{"options", JSON_SHAPE_TEXTS, 1}, {"step", JSON_SHAPE_OBJECT, 1},
	{"filter", JSON_SHAPE_OBJECT, 1}, {"refuse", JSON_SHAPE_ARRAY, 1},
	{"needs", JSON_SHAPE_ARRAY, 1},	  {"unavailable", JSON_SHAPE_TEXT, 1},
	{"note", JSON_SHAPE_TEXT, 1},
};

static const struct json_field filter_fields[] = {
	{"kind", JSON_SHAPE_TEXT, 0},
	{"when", JSON_SHAPE_ANY, 1},
	{"lines", JSON_SHAPE_TEXTS, 1},
};

static const struct json_field refusal_fields[] = {
	{"when", JSON_SHAPE_ANY, 0},
	{"sentence", JSON_SHAPE_TEXT, 0},
	{"step_says", JSON_SHAPE_BOOLEAN, 1},
};

static const struct json_field need_fields[] = {
	{"path", JSON_SHAPE_TEXT, 0},
	{"option", JSON_SHAPE_TEXT, 1},
	{"sentence", JSON_SHAPE_TEXT, 0},
};

/* ---- checks ---- */

static int check_need(const json_t *need, const json_t *language, struct json_place place,
		      struct error *err)
{
	const struct template_values values = {.language = language, .main_file = "main"};
	_cleanup_free_ char *filled = NULL;
	struct error why = {0};

	int r = json_check_object(need, FIELDS(need_fields), place, err);
	if (r < 0)
		return r;
	if (template_fill(json_text(need, "path"), &values, &filled, &why) < 0)
		return json_refuse(place, "path", err, "%s", why.text);
	if (!path_is_below(filled))
		return json_refuse(place, "path", err, "must be a path below the image's root");
	const char *option = json_text(need, "option");
	if (option && !json_object_get(json_object_get(language, "options"), option))
		return json_refuse(place, "option", err, "names \"%s\", no option", option);
	return 0;
}

static int check_lists(const json_t *action, const json_t *language, struct json_place place,
		       struct error *err)
{
	const json_t *options = json_object_get(language, "options");
	const json_t *filter = json_object_get(action, "filter");
	json_t *item;
	size_t i;
	int r = 0;

	json_array_foreach (json_object_get(action, "options"), i, item)
		if (!json_object_get(options, json_string_value(item)))
			return json_refuse(place, "options", err, "names \"%s\", no option",
					   json_string_value(item));
	if (filter)
		r = json_check_object(filter, FIELDS(filter_fields), place, err);
	if (r >= 0 && filter && strcmp(json_text(filter, "kind"), "asm") != 0)
		return json_refuse(place, "filter", err, "is of a kind other than asm");
	if (r >= 0)
		r = recipe_check_condition(json_object_get(filter, "when"), options, place, err);
	json_array_foreach (json_object_get(action, "refuse"), i, item) {
		if (r >= 0)
			r = json_check_object(item, FIELDS(refusal_fields), place, err);
		if (r >= 0)
			r = recipe_check_condition(json_object_get(item, "when"), options, place,
						   err);
	}
	json_array_foreach (json_object_get(action, "needs"), i, item)
		if (r >= 0)
			r = check_need(item, language, place, err);
	return r;
}

static int check_action(const json_t *action, const json_t *language, struct json_place place,
			struct error *err)
{
	char where[RECIPE_WHERE_MAX + 8];

	int r = json_check_object(action, FIELDS(action_fields), place, err);
	if (r < 0)
		return r;
	const json_t *step = json_object_get(action, "step");
	const char *result = json_text(action, "result"), *id = json_text(action, "id");
	size_t len = strlen(id);
	if (len < 1 || len > 32 || strcmp(id, "run") == 0 ||
	    strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
		return json_refuse(place, "id", err, "must match [a-z0-9-]{1,32} and not be run");
	if (!step == !json_text(action, "unavailable"))
		return json_refuse(place, NULL, err,
				   "needs either a step or a sentence why it is unavailable");
	if (strcmp(result, "text") != 0 && strcmp(result, "files") != 0 &&
	    strcmp(result, "messages") != 0)
		return json_refuse(place, "result", err, "must be text, files or messages");
	if (step && strcmp(result, "messages") != 0 && !json_text(step, "artefact"))
		return json_refuse(place, "step", err, "has no artefact, which is the result");
	r = check_lists(action, language, place, err);
	if (r < 0 || !step)
		return r;
	snprintf(where, sizeof(where), "%s.step", place.path);
	return recipe_check_step(step, RECIPE_ACTION, language,
				 (struct json_place){place.file, where}, err);
}

/* Has one of the actions before the i-th this id? */
static int is_twice(const json_t *actions, size_t i, const char *id)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(json_text(json_array_get(actions, j), "id"), id) == 0)
			return 1;
	return 0;
}

int actions_check(const json_t *language, const char *file, struct error *err)
{
	const json_t *actions = json_object_get(language, "actions");
	json_t *action;
	size_t i;
	int r = 0;

	json_array_foreach (actions, i, action) {
		char where[RECIPE_WHERE_MAX];
		snprintf(where, sizeof(where), "language.actions[%zu]", i);
		const struct json_place place = {file, where};
		r = check_action(action, language, place, err);
		if (r >= 0 && is_twice(actions, i, json_text(action, "id")))
			r = json_refuse(place, "id", err, "is there twice");
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- for the image at hand ---- */

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "actions", "cannot write the manifest");
}

/* Is the path there, with this value of the option (NULL: whatever is chosen)? Returns 1, 0 or a
 * negative errno. */
static int is_there(const json_t *need, const json_t *language, const char *value,
		    const char *image, struct error *err)
{
	json_auto_t *chosen = json_object();
	_cleanup_free_ char *filled = NULL;
	struct path path;

	if (!chosen || (value && json_object_set_new(chosen, json_text(need, "option"),
						     json_string(value)) < 0))
		return no_memory(err);
	const struct template_values values = {
		.language = language, .chosen = chosen, .main_file = "main"};
	int r = template_fill(json_text(need, "path"), &values, &filled, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/root/%s", image, filled);
	return r < 0 ? r : path_exists(path.text);
}

static int make_unavailable(json_t *action, const json_t *need, struct error *err)
{
	json_object_del(action, "step");
	json_object_del(action, "filter");
	json_object_del(action, "refuse");
	if (json_object_set(action, "unavailable", json_object_get(need, "sentence")) < 0)
		return no_memory(err);
	return 0;
}

/* The action refuses these values. */
static int add_refusal(json_t *action, const json_t *need, json_t *missing, struct error *err)
{
	json_t *list = json_object_get(action, "refuse");

	if (!list) {
		list = json_array();
		if (json_object_set_new(action, "refuse", list) < 0)
			return no_memory(err);
	}
	json_t *refusal = json_pack("{s:{s:O}, s:O}", "when", json_text(need, "option"), missing,
				    "sentence", json_object_get(need, "sentence"));
	return json_array_append_new(list, refusal) < 0 ? no_memory(err) : 0;
}

static int settle_need(json_t *action, const json_t *need, const json_t *language,
		       const char *image, struct error *err)
{
	const char *name = json_text(need, "option");
	const json_t *option = json_object_get(json_object_get(language, "options"), name);
	const json_t *values = json_object_get(option, "values");
	json_auto_t *missing = json_array();
	json_t *value;
	size_t i;

	if (!name) {
		int there = is_there(need, language, NULL, image, err);
		return there == 0 ? make_unavailable(action, need, err) : there;
	}
	json_array_foreach (values, i, value) {
		int there = is_there(need, language, json_string_value(value), image, err);
		if (there < 0)
			return there;
		if (!there && json_array_append(missing, value) < 0)
			return no_memory(err);
	}
	if (json_array_size(missing) == json_array_size(values))
		return make_unavailable(action, need, err);
	return json_array_size(missing) ? add_refusal(action, need, missing, err) : 0;
}

int actions_settle(json_t *language, const char *image, struct error *err)
{
	json_t *action;
	const json_t *need;
	size_t i, j;

	json_array_foreach (json_object_get(language, "actions"), i, action) {
		json_auto_t *needs = json_incref(json_object_get(action, "needs"));
		json_object_del(action, "needs");
		json_array_foreach (needs, j, need) {
			if (!json_object_get(action, "step"))
				break;
			int r = settle_need(action, need, language, image, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
