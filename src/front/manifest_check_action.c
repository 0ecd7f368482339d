#include "front/manifest_check.h"

#include <string.h>

/* What a language offers beside running: assembly, formatting, … */

static int check_action_id(struct check *check, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len > 32 || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
		return check_fault(check, "must be 1 to 32 of a-z, 0-9 and -");
	if (strcmp(text, "run") == 0)
		return check_fault(check, "\"run\" is the language's own steps");
	return 0;
}

static int check_result(struct check *check, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || (strcmp(text, "text") != 0 && strcmp(text, "files") != 0 &&
		      strcmp(text, "messages") != 0))
		return check_fault(check, "must be text, files or messages");
	return 0;
}

static int check_option_name(struct check *check, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || !json_object_get(check->options, text))
		return check_fault(check, "must be the name of an option");
	return 0;
}

static int check_option_names(struct check *check, const json_t *value)
{
	return check_elements(check, value, check_option_name);
}

static int check_filter_kind(struct check *check, const json_t *value)
{
	const char *text = json_string_value(value);

	return text && strcmp(text, "asm") == 0 ? 0 : check_fault(check, "must be asm");
}

static int check_filter(struct check *check, const json_t *value)
{
	if (!json_is_object(value))
		return check_fault(check, "must be an object");
	int r = check_member(check, value, "kind", REQUIRED, check_filter_kind);
	if (r == 0)
		r = check_member(check, value, "when", OPTIONAL, check_when);
	return r < 0 ? r : check_member(check, value, "lines", OPTIONAL, check_texts);
}

static int check_refusal(struct check *check, const json_t *value)
{
	if (!json_is_object(value))
		return check_fault(check, "must be an object");
	int r = check_member(check, value, "when", REQUIRED, check_when);
	if (r == 0)
		r = check_member(check, value, "sentence", REQUIRED, check_full_text);
	return r < 0 ? r : check_member(check, value, "step_says", OPTIONAL, check_boolean);
}

static int check_refusals(struct check *check, const json_t *value)
{
	return check_elements(check, value, check_refusal);
}

/* What is not a text has no artefact, what is a text or files has one. */
static int check_artefact(struct check *check, const json_t *action)
{
	const json_t *step = json_object_get(action, "step");
	int is_text = strcmp(manifest_text(action, "result"), "messages") != 0;

	if (step && is_text && !json_object_get(step, "artefact"))
		return check_fault(check, "its step has no artefact, which is its result");
	if (step && json_object_get(action, "unavailable"))
		return check_fault(check, "has a step and is unavailable");
	if (!step && !json_object_get(action, "unavailable"))
		return check_fault(check, "needs a step, or a sentence why it is unavailable");
	return 0;
}

static const struct action_rule {
	const char *key;
	enum presence presence;
	value_check *how;
} action_rules[] = {
	{"id", REQUIRED, check_action_id},	    {"name", REQUIRED, check_full_text},
	{"result", REQUIRED, check_result},	    {"syntax", OPTIONAL, check_full_text},
	{"options", OPTIONAL, check_option_names},  {"step", OPTIONAL, check_compile},
	{"filter", OPTIONAL, check_filter},	    {"refuse", OPTIONAL, check_refusals},
	{"unavailable", OPTIONAL, check_full_text}, {"note", OPTIONAL, check_full_text},
};

static int check_action(struct check *check, const json_t *action)
{
	if (!json_is_object(action))
		return check_fault(check, "must be an object");
	for (size_t i = 0; i < sizeof(action_rules) / sizeof(action_rules[0]); i++) {
		const struct action_rule *rule = &action_rules[i];
		int r = check_member(check, action, rule->key, rule->presence, rule->how);
		if (r < 0)
			return r;
	}
	return check_artefact(check, action);
}

int check_actions(struct check *check, const json_t *actions)
{
	const json_t *action, *other;
	size_t i, j;

	int r = check_elements(check, actions, check_action);
	if (r < 0)
		return r;
	json_array_foreach (actions, i, action) {
		json_array_foreach (actions, j, other) {
			const char *id = manifest_text(action, "id");
			if (j < i && strcmp(id, manifest_text(other, "id")) == 0)
				return check_fault(check, "\"%s\" names two actions", id);
		}
	}
	return 0;
}
