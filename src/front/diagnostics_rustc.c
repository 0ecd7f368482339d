#include "front/diagnostics_internal.h"

#include <stdint.h>
#include <string.h>

/*
 * rustc --error-format=json (the rustc book, "JSON Output"): one object a line; spans are counted
 * from 1, in scalar values, with the end exclusive.
 */

enum { EXPANSION_DEPTH_MAX = 64 };

static const char *severity_of(const char *level)
{
	if (strncmp(level, "error", 5) == 0)
		return "error"; /* "error: internal compiler error", too */
	if (strcmp(level, "warning") == 0 || strcmp(level, "help") == 0)
		return level;
	return "note"; /* failure-note */
}

/* Files of the visitor's have relative paths: a macro's inside is shown where it is used. */
static const json_t *span_of_visitor(const json_t *span)
{
	for (int i = 0; i < EXPANSION_DEPTH_MAX && span; i++) {
		const char *name = json_string_value(json_object_get(span, "file_name"));
		if (name && name[0] != '/' && name[0] != '<')
			return span;
		span = json_object_get(json_object_get(span, "expansion"), "span");
	}
	return NULL;
}

static int set_place(json_t *object, const json_t *span)
{
	static const char *const keys[][2] = {{"line", "line_start"},
					      {"column", "column_start"},
					      {"end_line", "line_end"},
					      {"end_column", "column_end"}};

	json_object_set(object, "file", json_object_get(span, "file_name"));
	for (size_t i = 0; i < 4; i++) {
		json_t *number = json_object_get(span, keys[i][1]);
		if (!json_is_integer(number) || json_integer_value(number) < 1)
			return -1;
		json_object_set(object, keys[i][0], number);
	}
	return 0;
}

/* What a child suggests, or NULL when it suggests nothing. New reference. */
static json_t *fix_of(const json_t *child)
{
	json_t *edits = json_array();
	const json_t *span, *applicability = NULL;
	int is_whole = 1;
	size_t i;

	json_array_foreach (json_object_get(child, "spans"), i, span) {
		json_t *text = json_object_get(span, "suggested_replacement");
		json_t *edit = json_is_string(text) ? json_pack("{s:O}", "text", text) : NULL;
		if (!edit)
			continue;
		/* In a macro of somebody else's nothing can be changed, and half a fix is none. */
		is_whole &= span_of_visitor(span) == span && set_place(edit, span) == 0;
		applicability = json_object_get(span, "suggestion_applicability");
		json_array_append_new(edits, edit);
	}
	if (!is_whole || json_array_size(edits) == 0 ||
	    !json_is_string(json_object_get(child, "message"))) {
		json_decref(edits);
		return NULL;
	}
	return json_pack(
		"{s:O,s:s,s:o}", "message", json_object_get(child, "message"), "applicability",
		json_is_string(applicability) ? json_string_value(applicability) : "Unspecified",
		"edits", edits);
}

static json_t *fixes_of(const json_t *diagnostic)
{
	json_t *fixes = json_array(), *fix;
	const json_t *child;
	size_t i;

	json_array_foreach (json_object_get(diagnostic, "children"), i, child) {
		fix = fix_of(child);
		if (fix)
			json_array_append_new(fixes, fix);
	}
	return fixes;
}

/* NULL when it is about no place in the visitor's files. New reference. */
static json_t *event_of(const json_t *diagnostic, const char *level)
{
	const json_t *span, *place = NULL;
	const json_t *code = json_object_get(json_object_get(diagnostic, "code"), "code");
	json_t *message = json_object_get(diagnostic, "message"), *event;
	size_t i;

	json_array_foreach (json_object_get(diagnostic, "spans"), i, span)
		if (!place && json_is_true(json_object_get(span, "is_primary")))
			place = span_of_visitor(span);
	if (!place || !json_is_string(message))
		return NULL;
	event = json_pack("{s:s,s:s,s:O,s:O,s:o}", "type", "diagnostic", "severity",
			  severity_of(level), "message", message, "rendered",
			  json_object_get(diagnostic, "rendered"), "fixes", fixes_of(diagnostic));
	if (event && json_is_string(code))
		json_object_set(event, "code", (json_t *)(uintptr_t)code);
	if (event && set_place(event, place) < 0) {
		json_decref(event);
		return NULL;
	}
	return event;
}

int diagnostics_rustc_line(struct diagnostics *diagnostics, const char *line, size_t len,
			   const struct diagnostics_sink *sink)
{
	json_t *diagnostic =
		len && line[0] == '{' ? json_loadb(line, len, JSON_ALLOW_NUL, NULL) : NULL;
	const json_t *rendered = json_object_get(diagnostic, "rendered");
	const char *level = json_string_value(json_object_get(diagnostic, "level"));
	int taken = level && json_is_string(rendered);

	if (taken) {
		sink->text(sink->owner, json_string_value(rendered), json_string_length(rendered));
		diagnostics_tell(diagnostics, event_of(diagnostic, level), sink);
	}
	json_decref(diagnostic);
	return taken;
}
