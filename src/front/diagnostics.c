#include "front/diagnostics_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "front/job.h"
#include "front/utf8.h"

/* Lines, bounds and the rest that both forms share. */

static int source_copy(struct diagnostics_source *source, const struct job_file *file,
		       const char *name)
{
	source->name = strdup(name);
	source->content = malloc(file->len + 1);
	if (!source->name || !source->content)
		return -1;
	if (file->len)
		memcpy(source->content, file->content, file->len);
	source->len = file->len;
	return 0;
}

struct diagnostics *diagnostics_new(enum diagnostics_format format, const struct job_file *files,
				    const char *const *names, size_t count)
{
	struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));

	if (!diagnostics)
		return NULL;
	diagnostics->format = format;
	/* rustc counts columns as we do. */
	if (format != DIAGNOSTICS_GCC)
		return diagnostics;
	diagnostics->sources = calloc(count, sizeof(*diagnostics->sources));
	for (size_t i = 0; diagnostics->sources && i < count; i++) {
		diagnostics->source_count++;
		if (source_copy(&diagnostics->sources[i], &files[i], names[i]) < 0)
			return diagnostics_free(diagnostics);
	}
	return diagnostics->sources ? diagnostics : diagnostics_free(diagnostics);
}

struct diagnostics *diagnostics_free(struct diagnostics *diagnostics)
{
	if (!diagnostics)
		return NULL;
	for (size_t i = 0; i < diagnostics->source_count; i++) {
		free(diagnostics->sources[i].name);
		free(diagnostics->sources[i].content);
	}
	free(diagnostics->sources);
	free(diagnostics->line);
	json_decref(diagnostics->pending);
	free(diagnostics);
	return NULL;
}

json_t *diagnostics_json_text(const char *text, size_t len)
{
	struct utf8_carry carry = {0};
	_cleanup_free_ char *clean = NULL;
	size_t clean_len;

	if (utf8_text(&carry, text, len, 1, &clean, &clean_len) < 0)
		return NULL;
	return json_stringn_nocheck(clean, clean_len);
}

void diagnostics_tell(struct diagnostics *diagnostics, json_t *take_value,
		      const struct diagnostics_sink *sink)
{
	_cleanup_free_ char *text = take_value ? json_dumps(take_value, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;

	json_decref(take_value);
	if (!text || diagnostics->told == DIAGNOSTICS_MAX ||
	    len > DIAGNOSTICS_BYTES_MAX - diagnostics->told_bytes)
		return;
	diagnostics->told++;
	diagnostics->told_bytes += len;
	sink->diagnostic(sink->owner, text, len);
}

static void take_line(struct diagnostics *diagnostics, const char *line, size_t len,
		      const struct diagnostics_sink *sink, int ended)
{
	int taken = diagnostics->format == DIAGNOSTICS_RUSTC
			    ? diagnostics_rustc_line(diagnostics, line, len, sink)
			    : diagnostics_gcc_line(diagnostics, line, len, sink);

	if (taken)
		return;
	if (len)
		sink->text(sink->owner, line, len);
	if (ended)
		sink->text(sink->owner, "\n", 1);
}

/* Keeps a piece of a line. Returns 0, or -1 when the line is too long or memory is out. */
static int line_keep(struct diagnostics *diagnostics, const char *data, size_t len)
{
	size_t used = diagnostics->line_len;

	if (len > DIAGNOSTICS_LINE_MAX - used)
		return -1;
	if (used + len > diagnostics->line_room) {
		size_t room = (used + len) * 2;
		char *more = realloc(diagnostics->line, room);
		if (!more)
			return -1;
		diagnostics->line = more;
		diagnostics->line_room = room;
	}
	if (len)
		memcpy(diagnostics->line + used, data, len);
	diagnostics->line_len += len;
	return 0;
}

/* What was kept of a line, and this piece of it, pass as text. */
static void line_give_up(struct diagnostics *diagnostics, const char *data, size_t len,
			 const struct diagnostics_sink *sink)
{
	if (diagnostics->line_len)
		sink->text(sink->owner, diagnostics->line, diagnostics->line_len);
	diagnostics->line_len = 0;
	if (len)
		sink->text(sink->owner, data, len);
}

/* A piece of a line. ended: the last of it, its newline follows. */
static void take_piece(struct diagnostics *diagnostics, const char *data, size_t len, int ended,
		       const struct diagnostics_sink *sink)
{
	if (!diagnostics->line_is_text && line_keep(diagnostics, data, len) < 0)
		diagnostics->line_is_text = 1;
	if (diagnostics->line_is_text) {
		line_give_up(diagnostics, data, len, sink);
		if (ended)
			sink->text(sink->owner, "\n", 1);
	} else if (ended) {
		/* The first line may be empty, with nothing kept before. */
		take_line(diagnostics, diagnostics->line ? diagnostics->line : "",
			  diagnostics->line_len, sink, 1);
		diagnostics->line_len = 0;
	}
	if (ended)
		diagnostics->line_is_text = 0;
}

void diagnostics_feed(struct diagnostics *diagnostics, const char *data, size_t len, int last,
		      const struct diagnostics_sink *sink)
{
	while (len > 0) {
		const char *newline = memchr(data, '\n', len);
		size_t piece = newline ? (size_t)(newline - data) : len;
		size_t taken = newline ? piece + 1 : piece;
		take_piece(diagnostics, data, piece, newline != NULL, sink);
		data += taken;
		len -= taken;
	}
	if (!last)
		return;
	if (diagnostics->line_len)
		take_line(diagnostics, diagnostics->line, diagnostics->line_len, sink, 0);
	diagnostics->line_len = 0;
	diagnostics_tell(diagnostics, TAKE_PTR(diagnostics->pending), sink);
}
