#include "cli/run_sse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Grows to hold `more` further bytes and a NUL. */
static int buffer_append(char **buffer, size_t *used, size_t *room, const char *bytes, size_t more)
{
	if (more > SSE_EVENT_MAX - *used)
		return -EMSGSIZE;
	if (*used + more + 1 > *room) {
		size_t want = *room ? *room : 1024;
		while (want < *used + more + 1)
			want *= 2;
		char *grown = realloc(*buffer, want);
		if (!grown)
			return -ENOMEM;
		*buffer = grown;
		*room = want;
	}
	if (more > 0)
		memcpy(*buffer + *used, bytes, more);
	*used += more;
	(*buffer)[*used] = '\0';
	return 0;
}

static int event_dispatch(struct sse_parser *parser)
{
	int r = 0;

	if (parser->has_data) {
		/* Every data line ended with a newline of its own; the last one is not part of it.
		 */
		parser->data[--parser->data_used] = '\0';
		r = parser->callback(parser->owner, parser->name[0] ? parser->name : "message",
				     parser->data, parser->data_used);
	}
	parser->data_used = 0;
	parser->has_data = 0;
	parser->name[0] = '\0';
	return r;
}

static int data_append(struct sse_parser *parser, const char *value, size_t len)
{
	int r = buffer_append(&parser->data, &parser->data_used, &parser->data_room, value, len);

	if (r == 0)
		r = buffer_append(&parser->data, &parser->data_used, &parser->data_room, "\n", 1);
	parser->has_data = r == 0;
	return r;
}

/* One line without its end: "field: value", a comment, or the empty line that ends an event. */
static int line_take(struct sse_parser *parser)
{
	const char *line = parser->line;
	size_t len = parser->line_used;

	parser->line_used = 0;
	if (len == 0)
		return event_dispatch(parser);
	const char *colon = memchr(line, ':', len);
	size_t field_len = colon ? (size_t)(colon - line) : len;
	const char *value = colon ? colon + 1 : line + len;
	if (colon && value < line + len && *value == ' ')
		value++;
	size_t value_len = (size_t)(line + len - value);
	if (field_len == 4 && memcmp(line, "data", 4) == 0)
		return data_append(parser, value, value_len);
	if (field_len == 5 && memcmp(line, "event", 5) == 0)
		snprintf(parser->name, sizeof(parser->name), "%.*s",
			 (int)(value_len < SSE_NAME_MAX ? value_len : SSE_NAME_MAX - 1), value);
	return 0;
}

int sse_feed(struct sse_parser *parser, const char *bytes, size_t len)
{
	const char *end = bytes + len;

	while (bytes < end) {
		if (parser->after_cr && *bytes == '\n')
			bytes++; /* the second half of a CR LF */
		parser->after_cr = 0;
		const char *stop = bytes;
		while (stop < end && *stop != '\n' && *stop != '\r')
			stop++;
		int r = buffer_append(&parser->line, &parser->line_used, &parser->line_room, bytes,
				      (size_t)(stop - bytes));
		if (r == 0 && stop < end) {
			parser->after_cr = *stop == '\r';
			r = line_take(parser);
			stop++;
		}
		if (r < 0)
			return r;
		bytes = stop;
	}
	return 0;
}

void sse_reset(struct sse_parser *parser)
{
	parser->line_used = parser->data_used = 0;
	parser->has_data = parser->after_cr = 0;
	parser->name[0] = '\0';
}

void sse_fini(struct sse_parser *parser)
{
	free(parser->line);
	free(parser->data);
	*parser = (struct sse_parser){0};
}
