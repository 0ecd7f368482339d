/* The inside of diagnostics: lines and bounds (diagnostics.c), the two forms, columns. */
#ifndef FRONT_DIAGNOSTICS_INTERNAL_H
#define FRONT_DIAGNOSTICS_INTERNAL_H

#include <jansson.h>

#include "front/diagnostics.h"

struct diagnostics_source {
	char *name;
	char *content;
	size_t len;
};

struct diagnostics {
	enum diagnostics_format format;
	struct diagnostics_source *sources;
	size_t source_count;
	char *line; /* what has come of a line that is not whole yet */
	size_t line_len, line_room;
	int line_is_text; /* the line was too long to keep: the rest of it is text */
	json_t *pending;  /* gcc: the last diagnostic, whose fixes may still come */
	size_t told, told_bytes;
};

/* Tells a diagnostic, if bounds allow. take_value: taken; NULL is none. */
void diagnostics_tell(struct diagnostics *diagnostics, json_t *take_value,
		      const struct diagnostics_sink *sink);

/* One whole line, without its newline. Returns 1 when it was taken (text told, or dropped), 0 when
 * it is to pass as text. */
int diagnostics_rustc_line(struct diagnostics *diagnostics, const char *line, size_t len,
			   const struct diagnostics_sink *sink);
int diagnostics_gcc_line(struct diagnostics *diagnostics, const char *line, size_t len,
			 const struct diagnostics_sink *sink);

/* A JSON text of any bytes: what is not UTF-8 is replaced. New reference, or NULL. */
json_t *diagnostics_json_text(const char *text, size_t len);

/* ---- columns (diagnostics_columns.c) ---- */

/* The n-th line (from 1) of the file with this name, or NULL. Borrowed. */
const char *diagnostics_source_line(const struct diagnostics *diagnostics, const char *name,
				    size_t name_len, long number, size_t *ret_len);

/*
 * The column in scalar values of a byte, or of a place on a terminal that has tab stops every 8
 * columns. All count from 1; beyond the end of the line each step is one column more.
 */
long diagnostics_column_of_byte(const char *line, size_t len, long byte);
long diagnostics_column_of_display(const char *line, size_t len, long display);

#endif
