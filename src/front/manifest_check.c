#include "front/manifest_check.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bundle.h"

/*
 * Everything the rest of the front end relies on is checked here once, when the image is loaded:
 * that what must be there is, has its type, and that no template names what does not exist. Keys
 * this version does not know are left alone, so that images may carry more than is used. Every
 * fault is told with its path, such as languages[0].run.argv[2].
 */

enum { NAME_MAX_BYTES = 32 };

int check_fault(const struct check *check, const char *format, ...)
{
	char why[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return error_set_plain(check->err, -EINVAL, "manifest", "manifest.json, %s: %s",
			       check->path[0] ? check->path : "top level", why);
}

/* Appends to the path; returns its former length, for path_leave(). */
static size_t path_enter(struct check *check, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static size_t path_enter(struct check *check, const char *format, ...)
{
	size_t used = strlen(check->path);
	va_list args;

	va_start(args, format);
	vsnprintf(check->path + used, sizeof(check->path) - used, format, args);
	va_end(args);
	return used;
}

static void path_leave(struct check *check, size_t used)
{
	check->path[used] = '\0';
}

int check_member(struct check *check, const json_t *object, const char *key, enum presence presence,
		 value_check *how)
{
	const json_t *value = json_object_get(object, key);
	size_t used = path_enter(check, "%s%s", check->path[0] ? "." : "", key);
	int r = 0;

	if (value)
		r = how(check, value);
	else if (presence == REQUIRED)
		r = check_fault(check, "is missing");
	if (r == 0)
		path_leave(check, used);
	return r;
}

int check_elements(struct check *check, const json_t *array, value_check *how)
{
	const json_t *value;
	size_t i;

	if (!json_is_array(array))
		return check_fault(check, "must be an array");
	json_array_foreach (array, i, value) {
		size_t used = path_enter(check, "[%zu]", i);
		int r = how(check, value);
		if (r < 0)
			return r;
		path_leave(check, used);
	}
	return 0;
}

int check_text(struct check *check, const json_t *value)
{
	if (!json_is_string(value))
		return check_fault(check, "must be text");
	if (strlen(json_string_value(value)) != json_string_length(value))
		return check_fault(check, "must not contain NUL");
	return 0;
}

int check_full_text(struct check *check, const json_t *value)
{
	int r = check_text(check, value);
	if (r == 0 && json_string_length(value) == 0)
		r = check_fault(check, "must not be empty");
	return r;
}

static int check_schema(struct check *check, const json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) != 1)
		return check_fault(check, "must be 1, the only form this server knows");
	return 0;
}

static int check_image_id(struct check *check, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
		return check_fault(check, "must be 64 lower-case hex digits");
	return 0;
}

static int check_language_id(struct check *check, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len > NAME_MAX_BYTES ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-") != len)
		return check_fault(check, "must be 1 to 32 of a-z, 0-9, + and -");
	return 0;
}

static int check_aliases(struct check *check, const json_t *value)
{
	return check_elements(check, value, check_language_id);
}

static int check_path(struct check *check, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || !bundle_path_is_valid(text, json_string_length(value)))
		return check_fault(check, "must be a path below /playground");
	return 0;
}

/* ---- options ---- */

static int check_values(struct check *check, const json_t *value)
{
	int r = check_elements(check, value, check_full_text);
	if (r == 0 && json_array_size(value) == 0)
		r = check_fault(check, "must not be empty");
	return r;
}

static int check_sentences(struct check *check, const json_t *value)
{
	const char *key;
	json_t *sentence;

	if (!json_is_object(value))
		return check_fault(check, "must be an object");
	json_object_foreach ((json_t *)(uintptr_t)value, key, sentence) {
		int r = check_member(check, value, key, REQUIRED, check_full_text);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_option(struct check *check, const json_t *option)
{
	if (!json_is_object(option))
		return check_fault(check, "must be an object");
	int r = check_member(check, option, "values", REQUIRED, check_values);
	if (r == 0)
		r = check_member(check, option, "default", REQUIRED, check_text);
	if (r == 0)
		r = check_member(check, option, "label", OPTIONAL, check_text);
	if (r == 0)
		r = check_member(check, option, "unavailable", OPTIONAL, check_sentences);
	if (r < 0)
		return r;
	const char *def = manifest_text(option, "default");
	if (!manifest_text_among(json_object_get(option, "values"), def))
		return check_fault(check, "the default \"%s\" is not among the values", def);
	if (json_object_get(json_object_get(option, "unavailable"), def))
		return check_fault(check, "the default \"%s\" is unavailable", def);
	return 0;
}

static int check_options(struct check *check, const json_t *options)
{
	const char *key;
	json_t *option;

	if (!json_is_object(options))
		return check_fault(check, "must be an object");
	if (json_object_size(options) > JOB_OPTIONS_MAX)
		return check_fault(check, "has more than %d options", JOB_OPTIONS_MAX);
	json_object_foreach ((json_t *)(uintptr_t)options, key, option) {
		size_t len = strlen(key);
		if (len == 0 || len > NAME_MAX_BYTES || !strcmp(key, "args") ||
		    !strcmp(key, "files") || !strcmp(key, "diagnostics") || !strcmp(key, "lines") ||
		    !strcmp(key, "main_file"))
			return check_fault(check, "\"%.40s\" cannot be an option's name", key);
		for (size_t i = 0; i < len; i++)
			if (!isalnum((unsigned char)key[i]) && !strchr("_-", key[i]))
				return check_fault(check, "\"%.40s\" cannot be an option's name",
						   key);
		int r = check_member(check, options, key, REQUIRED, check_option);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- what /meta shows ---- */

static int check_tool(struct check *check, const json_t *tool)
{
	if (!json_is_object(tool))
		return check_fault(check, "must be an object");
	int r = check_member(check, tool, "version", REQUIRED, check_text);
	if (r == 0)
		r = check_member(check, tool, "hash", REQUIRED, check_text);
	return r < 0 ? r : check_member(check, tool, "date", REQUIRED, check_text);
}

static int check_crate(struct check *check, const json_t *crate)
{
	if (!json_is_object(crate))
		return check_fault(check, "must be an object");
	int r = check_member(check, crate, "name", REQUIRED, check_full_text);
	if (r == 0)
		r = check_member(check, crate, "version", REQUIRED, check_full_text);
	if (r == 0)
		r = check_member(check, crate, "id", REQUIRED, check_full_text);
	return r < 0 ? r : check_member(check, crate, "vetting", OPTIONAL, check_full_text);
}

static int check_crates(struct check *check, const json_t *crates)
{
	return check_elements(check, crates, check_crate);
}

static int check_count(struct check *check, const json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return check_fault(check, "must be an integer, zero or above");
	return 0;
}

/* How many of all the crates, those that come along too, somebody has audited. */
static int check_vetting(struct check *check, const json_t *vetting)
{
	if (!json_is_object(vetting))
		return check_fault(check, "must be an object");
	int r = check_member(check, vetting, "audited", REQUIRED, check_count);
	return r < 0 ? r : check_member(check, vetting, "exempted", REQUIRED, check_count);
}

static int check_channel(struct check *check, const json_t *channel)
{
	if (!json_is_object(channel))
		return check_fault(check, "must be an object");
	int r = check_member(check, channel, "rustc", REQUIRED, check_tool);
	if (r == 0)
		r = check_member(check, channel, "rustfmt", OPTIONAL, check_tool);
	if (r == 0)
		r = check_member(check, channel, "clippy", OPTIONAL, check_tool);
	if (r == 0)
		r = check_member(check, channel, "miri", OPTIONAL, check_tool);
	if (r == 0)
		r = check_member(check, channel, "crates", OPTIONAL, check_crates);
	return r < 0 ? r : check_member(check, channel, "vetting", OPTIONAL, check_vetting);
}

static int check_channels(struct check *check, const json_t *channels)
{
	const char *key;
	json_t *channel;

	if (!json_is_object(channels))
		return check_fault(check, "must be an object");
	json_object_foreach ((json_t *)(uintptr_t)channels, key, channel) {
		int r = check_member(check, channels, key, REQUIRED, check_channel);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_hello(struct check *check, const json_t *hello)
{
	if (!json_is_object(hello))
		return check_fault(check, "must be an object");
	int r = check_member(check, hello, "code", REQUIRED, check_text);
	return r < 0 ? r : check_member(check, hello, "stdout", REQUIRED, check_text);
}

/* ---- languages ---- */

struct member_rule {
	const char *key;
	enum presence presence;
	value_check *how;
};

/* In this order: steps refer to options, which check_language() sets once they are known to be
 * good. */
static const struct member_rule language_rules[] = {
	{"id", REQUIRED, check_language_id},	{"name", REQUIRED, check_full_text},
	{"aliases", OPTIONAL, check_aliases},	{"version", REQUIRED, check_text},
	{"main_file", REQUIRED, check_path},	{"editor", REQUIRED, check_text},
	{"sample", REQUIRED, check_text},	{"options", OPTIONAL, check_options},
	{"compile", OPTIONAL, check_compile},	{"run", REQUIRED, check_run},
	{"channels", OPTIONAL, check_channels}, {"hello", OPTIONAL, check_hello},
	{"actions", OPTIONAL, check_actions},	{"diagnostics", OPTIONAL, check_diagnostics},
};

static int check_language(struct check *check, const json_t *language)
{
	if (!json_is_object(language))
		return check_fault(check, "must be an object");
	check->options = json_object_get(language, "options");
	for (size_t i = 0; i < sizeof(language_rules) / sizeof(language_rules[0]); i++) {
		const struct member_rule *rule = &language_rules[i];
		int r = check_member(check, language, rule->key, rule->presence, rule->how);
		if (r < 0)
			return r;
	}
	return 0;
}

/* How many languages have this id or alias. */
static size_t uses(const json_t *languages, const char *id)
{
	const json_t *language, *alias;
	size_t count = 0, i, j;

	json_array_foreach (languages, i, language) {
		count += strcmp(manifest_text(language, "id"), id) == 0;
		json_array_foreach (json_object_get(language, "aliases"), j, alias)
			count += strcmp(json_string_value(alias), id) == 0;
	}
	return count;
}

static int check_languages(struct check *check, const json_t *languages)
{
	const json_t *language, *alias;
	size_t i, j;

	int r = check_elements(check, languages, check_language);
	if (r < 0)
		return r;
	if (json_array_size(languages) == 0)
		return check_fault(check, "must not be empty");
	json_array_foreach (languages, i, language) {
		const char *id = manifest_text(language, "id");
		if (uses(languages, id) > 1)
			return check_fault(check, "\"%s\" selects two languages", id);
		json_array_foreach (json_object_get(language, "aliases"), j, alias)
			if (uses(languages, json_string_value(alias)) > 1)
				return check_fault(check, "\"%s\" selects two languages",
						   json_string_value(alias));
	}
	return 0;
}

int manifest_check(const json_t *root, struct error *err)
{
	struct check check = {.err = err};

	if (!json_is_object(root))
		return check_fault(&check, "must be an object");
	int r = check_member(&check, root, "schema", REQUIRED, check_schema);
	if (r == 0)
		r = check_member(&check, root, "name", REQUIRED, check_full_text);
	if (r == 0)
		r = check_member(&check, root, "id", REQUIRED, check_image_id);
	return r < 0 ? r : check_member(&check, root, "languages", REQUIRED, check_languages);
}
