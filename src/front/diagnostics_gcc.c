#include "front/diagnostics_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

/*
 * gcc's own text (GCC manual, "Options to Control Diagnostic Messages Formatting"):
 *
 *   main.c:3:9: error: 'x' undeclared [-Wsomething]      columns of a terminal
 *       3 |         x = 1;
 *         |         ^
 *   fix-it:"main.c":{3:2-3:3}:"y"                        bytes, end exclusive; not shown
 *
 * How far a diagnostic reaches is told by the line of carets alone.
 */

struct cursor {
	const char *at, *end;
};

static int skip(struct cursor *cursor, const char *literal)
{
	size_t n = strlen(literal);

	if ((size_t)(cursor->end - cursor->at) < n || memcmp(cursor->at, literal, n) != 0)
		return 0;
	cursor->at += n;
	return 1;
}

static int skip_number(struct cursor *cursor, long *ret_number)
{
	const char *start = cursor->at;
	long number = 0;

	for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
		if (cursor->at - start == 9)
			return 0;
		number = number * 10 + (*cursor->at - '0');
	}
	*ret_number = number;
	return cursor->at > start && number > 0;
}

/* ":LINE:COL: SEVERITY: " */
static int skip_head(struct cursor *cursor, long *ret_line, long *ret_column,
		     const char **ret_severity)
{
	static const char *const severities[][2] = {{"error: ", "error"},
						    {"fatal error: ", "error"},
						    {"internal compiler error: ", "error"},
						    {"warning: ", "warning"},
						    {"note: ", "note"}};

	if (!skip(cursor, ":") || !skip_number(cursor, ret_line) || !skip(cursor, ":") ||
	    !skip_number(cursor, ret_column) || !skip(cursor, ": "))
		return 0;
	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++)
		if (skip(cursor, severities[i][0])) {
			*ret_severity = severities[i][1];
			return 1;
		}
	return 0;
}

static void set_number(json_t *object, const char *key, long number)
{
	json_object_set_new(object, key, json_integer(number));
}

/* Cuts " [-Wname]" off the end of a message; it becomes the code. */
static void set_message(json_t *event, struct cursor message)
{
	const char *open = message.end;

	if (message.end > message.at && message.end[-1] == ']')
		for (open--; open > message.at && *open != '[';)
			open--;
	struct cursor option = {open, message.end};
	if (skip(&option, "[-W") && open > message.at && open[-1] == ' ') {
		json_object_set_new(
			event, "code",
			diagnostics_json_text(open + 1, (size_t)(message.end - open) - 2));
		message.end = open - 1;
	}
	json_object_set_new(event, "message",
			    diagnostics_json_text(message.at, (size_t)(message.end - message.at)));
}

/* The head of a diagnostic as an event, or NULL when the line is none. New reference. */
static json_t *head_event(const struct diagnostics *diagnostics, const char *line, size_t len)
{
	const char *severity = NULL, *source, *colon = memchr(line, ':', len);
	struct cursor cursor = {colon, line + len};
	long number, display;
	size_t source_len;

	if (!colon || !skip_head(&cursor, &number, &display, &severity))
		return NULL;
	size_t name_len = (size_t)(colon - line);
	source = diagnostics_source_line(diagnostics, line, name_len, number, &source_len);
	if (!source)
		return NULL;
	long column = diagnostics_column_of_display(source, source_len, display);
	json_t *event = json_pack("{s:s,s:s,s:o,s:[]}", "type", "diagnostic", "severity", severity,
				  "file", diagnostics_json_text(line, name_len), "fixes");
	if (!event)
		return NULL;
	set_message(event, cursor);
	set_number(event, "line", number);
	set_number(event, "column", column);
	set_number(event, "end_line", number);
	set_number(event, "end_column", column + 1);
	return event;
}

/* Where the carets of "      |    ^~~~" end, as a display column, or 0 when the line is none. */
static long carets_end(const char *line, size_t len)
{
	size_t bar = 0;

	while (bar < len && line[bar] == ' ')
		bar++;
	if (bar + 1 >= len || line[bar] != '|' || line[bar + 1] != ' ')
		return 0;
	const char *caret = memchr(line + bar, '^', len - bar);
	if (!caret)
		return 0;
	const char *at = caret + 1;
	while (at < line + len && *at == '~')
		at++;
	return at - (line + bar + 2) + 1;
}

static void extend(const struct diagnostics *diagnostics, const char *line, size_t len)
{
	const json_t *file = json_object_get(diagnostics->pending, "file");
	json_int_t number = json_integer_value(json_object_get(diagnostics->pending, "line"));
	json_int_t column = json_integer_value(json_object_get(diagnostics->pending, "column"));
	long display = carets_end(line, len);
	size_t source_len;

	const char *source = display ? diagnostics_source_line(diagnostics, json_string_value(file),
							       json_string_length(file),
							       (long)number, &source_len)
				     : NULL;
	long end = source ? diagnostics_column_of_display(source, source_len, display) : 0;
	if (end > column)
		set_number(diagnostics->pending, "end_column", end);
}

/* A quoted text of a fix: escapes as in C. ret_text: new. */
static int skip_quoted(struct cursor *cursor, char **ret_text, size_t *ret_len)
{
	size_t room = (size_t)(cursor->end - cursor->at), len = 0;
	_cleanup_free_ char *text = malloc(room + 1);

	if (!text || !skip(cursor, "\""))
		return 0;
	while (cursor->at < cursor->end && *cursor->at != '"') {
		char c = *cursor->at++;
		if (c == '\\' && cursor->at < cursor->end) {
			c = *cursor->at++;
			if (c >= '0' && c <= '7') {
				int value = c - '0';
				for (int i = 0; i < 2 && cursor->at < cursor->end &&
						*cursor->at >= '0' && *cursor->at <= '7';
				     i++)
					value = value * 8 + (*cursor->at++ - '0');
				c = (char)value;
			} else {
				c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
			}
		}
		text[len++] = c;
	}
	if (!skip(cursor, "\""))
		return 0;
	*ret_text = TAKE_PTR(text);
	*ret_len = len;
	return 1;
}

struct edit {
	char *name, *text;
	size_t name_len, text_len;
	long line, byte, end_line, end_byte;
};

static int edit_parse(struct cursor cursor, struct edit *edit)
{
	return skip_quoted(&cursor, &edit->name, &edit->name_len) && skip(&cursor, ":{") &&
	       skip_number(&cursor, &edit->line) && skip(&cursor, ":") &&
	       skip_number(&cursor, &edit->byte) && skip(&cursor, "-") &&
	       skip_number(&cursor, &edit->end_line) && skip(&cursor, ":") &&
	       skip_number(&cursor, &edit->end_byte) && skip(&cursor, "}:") &&
	       skip_quoted(&cursor, &edit->text, &edit->text_len) && cursor.at == cursor.end;
}

static long column_of(const struct diagnostics *diagnostics, const struct edit *edit, long line,
		      long byte)
{
	size_t len;
	const char *source =
		diagnostics_source_line(diagnostics, edit->name, edit->name_len, line, &len);

	return source ? diagnostics_column_of_byte(source, len, byte) : 0;
}

/* All edits of one diagnostic belong together: they are its one fix. */
static json_t *fix_find(json_t *event, const struct edit *edit)
{
	json_t *fixes = json_object_get(event, "fixes");
	json_t *fix = json_array_get(fixes, 0);
	const char *what = edit->text_len == 0 ? "remove this"
			   : edit->line == edit->end_line && edit->byte == edit->end_byte
				   ? "insert this"
				   : "replace this";

	if (!fix) {
		fix = json_pack("{s:s,s:s,s:[]}", "message", what, "applicability", "Unspecified",
				"edits");
		if (json_array_append_new(fixes, fix) < 0)
			return NULL;
	}
	return json_object_get(fix, "edits");
}

static void add_edit(const struct diagnostics *diagnostics, const struct edit *edit)
{
	long column = column_of(diagnostics, edit, edit->line, edit->byte);
	long end_column = column_of(diagnostics, edit, edit->end_line, edit->end_byte);
	json_t *edits = column && end_column ? fix_find(diagnostics->pending, edit) : NULL;

	if (!edits)
		return;
	json_t *object =
		json_pack("{s:o,s:o}", "file", diagnostics_json_text(edit->name, edit->name_len),
			  "text", diagnostics_json_text(edit->text, edit->text_len));
	if (!object)
		return;
	set_number(object, "line", edit->line);
	set_number(object, "column", column);
	set_number(object, "end_line", edit->end_line);
	set_number(object, "end_column", end_column);
	json_array_append_new(edits, object);
}

/* A line for machines. Returns 1 when it is one. */
static int take_fix(const struct diagnostics *diagnostics, const char *line, size_t len)
{
	struct cursor cursor = {line, line + len};
	struct edit edit = {0};

	int is_fix = skip(&cursor, "fix-it:") && edit_parse(cursor, &edit);
	if (is_fix && diagnostics->pending)
		add_edit(diagnostics, &edit);
	free(edit.name);
	free(edit.text);
	return is_fix;
}

int diagnostics_gcc_line(struct diagnostics *diagnostics, const char *line, size_t len,
			 const struct diagnostics_sink *sink)
{
	json_t *event = head_event(diagnostics, line, len);

	if (event) {
		diagnostics_tell(diagnostics, TAKE_PTR(diagnostics->pending), sink);
		diagnostics->pending = event;
		return 0;
	}
	if (take_fix(diagnostics, line, len))
		return 1;
	if (diagnostics->pending)
		extend(diagnostics, line, len);
	return 0;
}
