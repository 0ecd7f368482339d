/*
 * Server-sent events taken apart as they come (WHATWG HTML, "server-sent events"): bytes in, whole
 * events out. Pure but for memory. Runs in `sandlot run`.
 */
#ifndef CLI_RUN_SSE_H
#define CLI_RUN_SSE_H

#include <stddef.h>

enum { SSE_NAME_MAX = 32, SSE_EVENT_MAX = 16 << 20 };

/* Called for each whole event. data: len bytes, borrowed, NUL after them. Negative ends the
 * parsing. */
typedef int sse_callback(void *owner, const char *name, const char *data, size_t len);

/* Zero-initialise, set callback and owner; end with sse_fini(). */
struct sse_parser {
	sse_callback *callback;
	void *owner;
	char name[SSE_NAME_MAX]; /* of the event being read; "" is "message" */
	char *line, *data;	 /* owned */
	size_t line_used, line_room, data_used, data_room;
	int has_data, after_cr;
};

/*
 * Takes the next bytes of the stream. Returns 0, -EMSGSIZE when a line or an event is longer than
 * SSE_EVENT_MAX, -ENOMEM, or what the callback returned.
 */
int sse_feed(struct sse_parser *parser, const char *bytes, size_t len);

/* Forgets a half-read event, for a new connection. */
void sse_reset(struct sse_parser *parser);

void sse_fini(struct sse_parser *parser);

#endif
