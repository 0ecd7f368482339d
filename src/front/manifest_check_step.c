#include "front/manifest_check.h"

#include <ctype.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "front/template.h"

/* The compile and run steps of a language: command lines, conditions and templates. */

int check_boolean(struct check *check, const json_t *value)
{
	return json_is_boolean(value) ? 0 : check_fault(check, "must be true or false");
}

static const char *known_name(const void *context, const char *name)
{
	const struct check *check = context;
	int known = strcmp(name, "main_file") == 0 || json_object_get(check->options, name);
	return known ? "x" : NULL;
}

static int check_template(struct check *check, const json_t *value)
{
	_cleanup_free_ char *filled = NULL;
	struct error why = {0};

	int r = check_text(check, value);
	if (r < 0)
		return r;
	r = template_fill(json_string_value(value), known_name, check, &filled, &why);
	return r < 0 ? check_fault(check, "%s", why.text) : 0;
}

static int check_word(struct check *check, const json_t *value)
{
	const char *text = json_string_value(value);
	int stands_for_words = text && (!strcmp(text, "{args}") || !strcmp(text, "{files}") ||
					!strcmp(text, "{diagnostics}") || !strcmp(text, "{lines}"));
	return stands_for_words ? 0 : check_template(check, value);
}

static int check_words(struct check *check, const json_t *value)
{
	return check_elements(check, value, check_word);
}

/* One value a condition asks for: of the option called by the condition's key. */
static int condition_value(struct check *check, const json_t *option, const json_t *value)
{
	int r = check_text(check, value);
	if (r < 0)
		return r;
	const char *text = json_string_value(value);
	if (!manifest_text_among(json_object_get(option, "values"), text) &&
	    !json_object_get(json_object_get(option, "unavailable"), text))
		return check_fault(check, "the option has no value \"%.60s\"", text);
	return 0;
}

static int check_when_object(struct check *check, const json_t *when)
{
	const char *key;
	json_t *value;

	if (!json_is_object(when))
		return check_fault(check, "must be an object");
	json_object_foreach ((json_t *)(uintptr_t)when, key, value) {
		const json_t *option = json_object_get(check->options, key);
		const json_t *one;
		size_t i;
		int r = 0;
		if (!option)
			return check_fault(check, "there is no option \"%.40s\"", key);
		if (!json_is_array(value))
			r = condition_value(check, option, value);
		json_array_foreach (value, i, one)
			if (r == 0)
				r = condition_value(check, option, one);
		if (r < 0)
			return r;
	}
	return 0;
}

int check_when(struct check *check, const json_t *when)
{
	return json_is_array(when) ? check_elements(check, when, check_when_object)
				   : check_when_object(check, when);
}

/* A word, or words under a condition. */
static int check_argv_words(struct check *check, const json_t *value)
{
	if (!json_is_object(value))
		return check_word(check, value);
	int r = check_member(check, value, "when", REQUIRED, check_when);
	return r < 0 ? r : check_member(check, value, "words", REQUIRED, check_words);
}

static int check_later_words(struct check *check, const json_t *value)
{
	return check_elements(check, value, check_argv_words);
}

static int check_path(struct check *check, const json_t *value)
{
	const char *path = json_string_value(value);

	return path && bundle_path_is_valid(path, strlen(path))
		       ? 0
		       : check_fault(check, "must be a path below /playground");
}

static int check_argv_element(struct check *check, const json_t *value)
{
	if (!json_object_get(value, "later"))
		return check_argv_words(check, value);
	int r = check_member(check, value, "later", REQUIRED, check_path);
	if (r == 0)
		r = check_member(check, value, "as", REQUIRED, check_template);
	return r < 0 ? r : check_member(check, value, "words", REQUIRED, check_later_words);
}

static int check_argv(struct check *check, const json_t *value)
{
	int r = check_elements(check, value, check_argv_element);
	if (r < 0)
		return r;
	for (size_t i = 0; i + 1 < json_array_size(value); i++)
		if (json_object_get(json_array_get(value, i), "later"))
			return check_fault(check, "has words after the later ones");
	const char *program = json_string_value(json_array_get(value, 0));
	if (!program || (program[0] != '/' && program[0] != '{') || !strcmp(program, "{args}"))
		return check_fault(check, "must begin with the program's absolute path");
	return 0;
}

/* A text, or one that counts under a condition only. */
static int check_env_value(struct check *check, const json_t *value)
{
	if (!json_is_object(value))
		return check_template(check, value);
	int r = check_member(check, value, "when", REQUIRED, check_when);
	return r < 0 ? r : check_member(check, value, "value", REQUIRED, check_template);
}

static int check_env(struct check *check, const json_t *env)
{
	const char *key;
	json_t *value;

	if (!json_is_object(env))
		return check_fault(check, "must be an object");
	json_object_foreach ((json_t *)(uintptr_t)env, key, value) {
		if (!key[0] || isdigit((unsigned char)key[0]))
			return check_fault(check, "\"%.40s\" cannot be a variable's name", key);
		for (const char *at = key; *at; at++)
			if (!isalnum((unsigned char)*at) && *at != '_')
				return check_fault(check, "\"%.40s\" cannot be a variable's name",
						   key);
		if (!strcmp(key, "PATH") || !strcmp(key, "HOME") || !strcmp(key, "LANG"))
			return check_fault(check, "%s is always set by the server", key);
		int r = check_member(check, env, key, REQUIRED, check_env_value);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_step(struct check *check, const json_t *step)
{
	if (!json_is_object(step))
		return check_fault(check, "must be an object");
	int r = check_member(check, step, "argv", REQUIRED, check_argv);
	if (r == 0)
		r = check_member(check, step, "env", OPTIONAL, check_env);
	return r;
}

static int check_carries(struct check *check, const json_t *value)
{
	if (!json_is_object(value))
		return check_fault(check, "must be an object");
	int r = check_member(check, value, "folder", REQUIRED, check_path);
	if (r == 0)
		r = check_member(check, value, "words", REQUIRED, check_words);
	return r < 0 ? r : check_member(check, value, "when", OPTIONAL, check_when);
}

int check_compile(struct check *check, const json_t *step)
{
	int r = check_step(check, step);
	if (r == 0)
		r = check_member(check, step, "artefact", OPTIONAL, check_template);
	return r < 0 ? r : check_member(check, step, "carries", OPTIONAL, check_carries);
}

static int check_format(struct check *check, const json_t *value)
{
	const char *text = json_string_value(value);

	return text && (!strcmp(text, "rustc") || !strcmp(text, "gcc"))
		       ? 0
		       : check_fault(check, "must be rustc or gcc");
}

int check_texts(struct check *check, const json_t *value)
{
	return check_elements(check, value, check_full_text);
}

int check_diagnostics(struct check *check, const json_t *value)
{
	if (!json_is_object(value))
		return check_fault(check, "must be an object");
	int r = check_member(check, value, "format", REQUIRED, check_format);
	return r < 0 ? r : check_member(check, value, "words", REQUIRED, check_texts);
}

int check_run(struct check *check, const json_t *step)
{
	int r = check_step(check, step);
	if (r == 0)
		r = check_member(check, step, "files", OPTIONAL, check_boolean);
	if (r == 0)
		r = check_member(check, step, "skip_unless", OPTIONAL, check_when);
	if (r == 0)
		r = check_member(check, step, "collects", OPTIONAL, check_path);
	return r;
}
