#include "bake/toml.h"

#include <stdio.h>
#include <stdlib.h>

#include "bake/toml_internal.h"
#include "base/fd.h"

#define BARE_KEY "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
#define DIGITS "0123456789"

enum { NUMBER_SIZE = 64, NAME_SIZE = 32 };

/* Tables and arrays are told apart by their addresses: none goes while the file is read. */
enum mark {
	MARK_NONE,
	MARK_OPENED,   /* by a header: no other opens it, dotted keys do not add to it */
	MARK_COMPLETE, /* an array or inline table: nothing adds to it or to what is in it */
};

static int no_memory(const struct toml_parser *parser)
{
	return error_set(parser->err, -ENOMEM, "toml", "cannot read %s", parser->file);
}

static void skip_comment(struct toml_parser *parser)
{
	toml_skip_space(parser);
	if (toml_ahead(parser, 0) == '#')
		while (parser->at < parser->end && !toml_newline(parser))
			parser->at++;
}

/* Blank space, comments and line ends, as between the values of an array. */
static void skip_lines(struct toml_parser *parser)
{
	size_t n;

	for (skip_comment(parser); (n = toml_newline(parser)) > 0; skip_comment(parser)) {
		parser->at += n;
		parser->line++;
	}
}

static int end_line(struct toml_parser *parser)
{
	skip_comment(parser);
	if (parser->at < parser->end && !toml_newline(parser))
		return toml_refuse(parser, "something follows where the line should end");
	return 0;
}

/* One part of a key: bare or in quotes. */
static int take_key(struct toml_parser *parser, char ret_key[TOML_KEY_MAX])
{
	char c = toml_ahead(parser, 0);
	size_t len = 0;

	if (c == '"' || c == '\'') {
		int r = toml_take_text(parser, 0, &len);
		if (r < 0)
			return r;
		if (len >= TOML_KEY_MAX)
			return toml_refuse(parser, "a key is too long");
		memcpy(ret_key, parser->scratch, len);
	} else {
		while (toml_ahead(parser, len) && strchr(BARE_KEY, parser->at[len]))
			len++;
		if (len == 0)
			return toml_refuse(parser, "a key is expected");
		if (len >= TOML_KEY_MAX)
			return toml_refuse(parser, "a key is too long");
		memcpy(ret_key, parser->at, len);
		parser->at += len;
	}
	ret_key[len] = '\0';
	return 0;
}

/* ---- tables ---- */

static int mark(struct toml_parser *parser, const json_t *value, enum mark mark)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%p", (const void *)value);
	if (json_object_set_new(parser->marks, name, json_integer(mark)) < 0)
		return no_memory(parser);
	return 0;
}

static enum mark mark_of(const struct toml_parser *parser, const json_t *value)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%p", (const void *)value);
	return (enum mark)json_integer_value(json_object_get(parser->marks, name));
}

static int set(struct toml_parser *parser, json_t *table, const char *key, json_t *value)
{
	if (!value)
		return no_memory(parser);
	if (json_object_set_new(table, key, value) < 0)
		return toml_refuse(parser, "a key is not UTF-8");
	return 0;
}

/* The table called key in table, made when it is missing; of an array of tables, the last. */
static int enter(struct toml_parser *parser, json_t **table, const char *key)
{
	json_t *found = json_object_get(*table, key);

	if (!found) {
		found = json_object();
		int r = set(parser, *table, key, found);
		if (r < 0)
			return r;
	} else if (json_is_array(found) && mark_of(parser, found) == MARK_NONE) {
		found = json_array_get(found, json_array_size(found) - 1);
	}
	if (!json_is_object(found) || mark_of(parser, found) == MARK_COMPLETE)
		return toml_refuse(parser, "a table has the name of a value");
	*table = found;
	return 0;
}

/* A dotted key: enters all but its last part, which is returned. */
static int take_path(struct toml_parser *parser, json_t **table, char ret_key[TOML_KEY_MAX])
{
	for (unsigned depth = 0;; depth++) {
		int r = take_key(parser, ret_key);
		if (r < 0)
			return r;
		toml_skip_space(parser);
		if (toml_ahead(parser, 0) != '.')
			return 0;
		if (depth >= TOML_DEPTH_MAX)
			return toml_refuse(parser, "too many tables in tables");
		parser->at++;
		toml_skip_space(parser);
		r = enter(parser, table, ret_key);
		if (r < 0)
			return r;
	}
}

static int take_value(struct toml_parser *parser, json_t **ret);

static int take_pair(struct toml_parser *parser, json_t *table)
{
	char key[TOML_KEY_MAX];
	json_t *value, *parent = table;

	int r = take_path(parser, &table, key);
	if (r < 0)
		return r;
	if (table != parent && mark_of(parser, table) != MARK_NONE)
		return toml_refuse(parser, "a table is added to that is complete");
	if (toml_ahead(parser, 0) != '=')
		return toml_refuse(parser, "a key without =");
	parser->at++;
	toml_skip_space(parser);
	if (json_object_get(table, key))
		return toml_refuse(parser, "a key is there twice");
	r = take_value(parser, &value);
	return r < 0 ? r : set(parser, table, key, value);
}

/* [a.b] */
static int open_table(struct toml_parser *parser, json_t *top, json_t **ret_table)
{
	char key[TOML_KEY_MAX];

	int r = take_path(parser, &top, key);
	if (r < 0)
		return r;
	if (json_is_array(json_object_get(top, key)))
		return toml_refuse(parser, "a table has the name of an array");
	r = enter(parser, &top, key);
	if (r < 0)
		return r;
	if (mark_of(parser, top) != MARK_NONE)
		return toml_refuse(parser, "a table is there twice");
	*ret_table = top;
	return mark(parser, top, MARK_OPENED);
}

/* [[a.b]] */
static int open_element(struct toml_parser *parser, json_t *top, json_t **ret_table)
{
	char key[TOML_KEY_MAX];

	int r = take_path(parser, &top, key);
	if (r < 0)
		return r;
	json_t *array = json_object_get(top, key);
	if (!array) {
		array = json_array();
		r = set(parser, top, key, array);
		if (r < 0)
			return r;
	}
	if (!json_is_array(array) || mark_of(parser, array) != MARK_NONE)
		return toml_refuse(parser, "an array of tables has the name of something else");
	*ret_table = json_object();
	if (json_array_append_new(array, *ret_table) < 0)
		return no_memory(parser);
	return mark(parser, *ret_table, MARK_OPENED);
}

static int take_header(struct toml_parser *parser, json_t *top, json_t **ret_table)
{
	int is_array = toml_starts_with(parser, "[[");

	parser->at += is_array ? 2 : 1;
	toml_skip_space(parser);
	int r = is_array ? open_element(parser, top, ret_table)
			 : open_table(parser, top, ret_table);
	if (r < 0)
		return r;
	if (!toml_starts_with(parser, is_array ? "]]" : "]"))
		return toml_refuse(parser, "a table's name is not closed");
	parser->at += is_array ? 2 : 1;
	return 0;
}

/* ---- values ---- */

static int take_array(struct toml_parser *parser, json_t *array)
{
	parser->at++;
	for (;;) {
		json_t *value;
		skip_lines(parser);
		if (toml_ahead(parser, 0) == ']')
			break;
		int r = take_value(parser, &value);
		if (r < 0)
			return r;
		if (json_array_append_new(array, value) < 0)
			return no_memory(parser);
		skip_lines(parser);
		if (toml_ahead(parser, 0) != ',' && toml_ahead(parser, 0) != ']')
			return toml_refuse(parser, "an array is not closed");
		parser->at += toml_ahead(parser, 0) == ',';
	}
	parser->at++;
	return mark(parser, array, MARK_COMPLETE);
}

static int take_inline_table(struct toml_parser *parser, json_t *table)
{
	parser->at++;
	toml_skip_space(parser);
	while (toml_ahead(parser, 0) != '}') {
		int r = take_pair(parser, table);
		if (r < 0)
			return r;
		toml_skip_space(parser);
		if (toml_ahead(parser, 0) == '}')
			break;
		if (toml_ahead(parser, 0) != ',')
			return toml_refuse(parser, "an inline table is not closed");
		parser->at++;
		toml_skip_space(parser);
		if (toml_ahead(parser, 0) == '}')
			return toml_refuse(parser, "an inline table ends with a comma");
	}
	parser->at++;
	return mark(parser, table, MARK_COMPLETE);
}

/* A number's text without its underscores, which must stand between digits. */
static int take_digits(struct toml_parser *parser, char text[NUMBER_SIZE])
{
	size_t len = 0;

	for (; toml_ahead(parser, 0) && strchr(DIGITS "+-.eE_", *parser->at); parser->at++) {
		if (*parser->at == '_') {
			if (len == 0 || !strchr(DIGITS, text[len - 1]) || !toml_ahead(parser, 1) ||
			    !strchr(DIGITS, parser->at[1]))
				return toml_refuse(parser, "a number is not well formed");
			continue;
		}
		if (len + 1 >= NUMBER_SIZE)
			return toml_refuse(parser, "a number is too long");
		text[len++] = *parser->at;
	}
	text[len] = '\0';
	return len > 0 ? 0
		       : toml_refuse(parser, "a value is expected that is a text, number, true, "
					     "false, array or table");
}

static int take_number(struct toml_parser *parser, json_t **ret)
{
	char text[NUMBER_SIZE], *end;

	int r = take_digits(parser, text);
	if (r < 0)
		return r;
	const char *digits = text + (text[0] == '+' || text[0] == '-');
	size_t whole = strspn(digits, DIGITS);
	if (whole == 0 || (whole > 1 && digits[0] == '0'))
		return toml_refuse(parser, "a number is not well formed");
	errno = 0;
	if (digits[whole] == '\0') {
		long long value = strtoll(text, &end, 10);
		*ret = errno == 0 ? json_integer(value) : NULL;
	} else {
		double value = strtod(text, &end);
		*ret = errno == 0 && *end == '\0' && end[-1] != '.' ? json_real(value) : NULL;
	}
	return *ret ? 0 : toml_refuse(parser, "a number is not well formed");
}

static int take_nested(struct toml_parser *parser, json_t **ret)
{
	int is_array = toml_ahead(parser, 0) == '[';

	if (parser->depth >= TOML_DEPTH_MAX)
		return toml_refuse(parser, "too many values in values");
	json_t *value = is_array ? json_array() : json_object();
	if (!value)
		return no_memory(parser);
	parser->depth++;
	int r = is_array ? take_array(parser, value) : take_inline_table(parser, value);
	parser->depth--;
	if (r < 0) {
		json_decref(value);
		return r;
	}
	*ret = value;
	return 0;
}

static int take_value(struct toml_parser *parser, json_t **ret)
{
	size_t len;
	int r;

	switch (toml_ahead(parser, 0)) {
	case '"':
	case '\'':
		r = toml_take_text(parser, 1, &len);
		if (r < 0)
			return r;
		*ret = json_stringn(parser->scratch, len);
		return *ret ? 0 : toml_refuse(parser, "a text is not UTF-8");
	case '[':
	case '{':
		return take_nested(parser, ret);
	case 't':
	case 'f':
		if (!toml_starts_with(parser, "true") && !toml_starts_with(parser, "false"))
			return toml_refuse(parser, "neither true nor false");
		*ret = json_boolean(*parser->at == 't');
		parser->at += *parser->at == 't' ? 4 : 5;
		return 0;
	default:
		return take_number(parser, ret);
	}
}

/* ---- the file ---- */

static int take_file(struct toml_parser *parser, json_t *top)
{
	json_t *table = top;

	for (;;) {
		skip_lines(parser);
		if (parser->at >= parser->end)
			return 0;
		int r = toml_ahead(parser, 0) == '[' ? take_header(parser, top, &table)
						     : take_pair(parser, table);
		if (r >= 0)
			r = end_line(parser);
		if (r < 0)
			return r;
	}
}

int toml_parse(const char *text, size_t len, const char *file, json_t **ret_top, struct error *err)
{
	struct toml_parser parser = {
		.at = text, .end = text + len, .file = file, .line = 1, .err = err};

	if (len > TOML_BYTES_MAX)
		return error_set_plain(err, -EFBIG, "toml", "%s is larger than %d bytes", file,
				       TOML_BYTES_MAX);
	if (memchr(text, '\0', len))
		return error_set_plain(err, -EINVAL, "toml", "%s has a NUL byte", file);
	_cleanup_free_ char *scratch = malloc(len + 1);
	json_auto_t *marks = json_object(), *top = json_object();
	if (!scratch || !marks || !top)
		return no_memory(&parser);
	parser.scratch = scratch;
	parser.marks = marks;
	int r = take_file(&parser, top);
	if (r >= 0)
		*ret_top = json_incref(top);
	return r;
}
