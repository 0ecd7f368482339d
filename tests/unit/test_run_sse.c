#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run_sse.h"

/* What was heard, as "name=data;" for each event. */
struct heard {
	char text[512];
	int answer; /* what the callback returns */
};

static int heard_event(void *owner, const char *name, const char *data, size_t len)
{
	struct heard *heard = owner;
	size_t used = strlen(heard->text);

	assert_int_equal(data[len], '\0');
	snprintf(heard->text + used, sizeof(heard->text) - used, "%s=%s;", name, data);
	return heard->answer;
}

/* Feeds the stream in pieces of `piece` bytes and compares what was heard. */
static void stream_is_heard_as(const char *stream, size_t piece, const char *expected)
{
	struct heard heard = {0};
	struct sse_parser parser = {.callback = heard_event, .owner = &heard};
	size_t len = strlen(stream);

	for (size_t at = 0; at < len; at += piece)
		assert_int_equal(
			sse_feed(&parser, stream + at, piece < len - at ? piece : len - at), 0);
	assert_string_equal(heard.text, expected);
	sse_fini(&parser);
}

static void sse_feed_in_any_pieces_gives_the_same_events(void **state)
{
	static const struct {
		const char *stream, *expected;
	} rows[] = {
		{"event: state\ndata: {}\n\n", "state={};"},
		{"event:state\ndata:{}\n\n", "state={};"},
		{"data: x\n\n", "message=x;"},
		{"event: a\r\ndata: 1\r\n\r\nevent: b\r\ndata: 2\r\n\r\n", "a=1;b=2;"},
		{"event: a\rdata: 1\r\r", "a=1;"},
		{": a comment\n\nevent: a\n: another\ndata: 1\n\n", "a=1;"},
		{"data: one\ndata: two\ndata:\n\n", "message=one\ntwo\n;"},
		{"data\n\n", "message=;"},
		{"event: lost\n\ndata: x\n\n", "message=x;"},
		{"id: 7\nretry: 10\ndata:  two spaces\n\n", "message= two spaces;"},
		{"event: a\ndata: not ended\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t piece = 1; piece <= strlen(rows[i].stream); piece++)
			stream_is_heard_as(rows[i].stream, piece, rows[i].expected);
}

static void sse_feed_passes_on_what_the_callback_says(void **state)
{
	struct heard heard = {.answer = -EPIPE};
	struct sse_parser parser = {.callback = heard_event, .owner = &heard};

	(void)state;
	assert_int_equal(sse_feed(&parser, "data: 1\n\ndata: 2\n\n", 18), -EPIPE);
	assert_string_equal(heard.text, "message=1;");
	sse_fini(&parser);
}

static void sse_reset_forgets_half_an_event(void **state)
{
	struct heard heard = {0};
	struct sse_parser parser = {.callback = heard_event, .owner = &heard};

	(void)state;
	assert_int_equal(sse_feed(&parser, "event: a\ndata: 1\ndat", 20), 0);
	sse_reset(&parser);
	assert_int_equal(sse_feed(&parser, "data: 2\n\n", 9), 0);
	assert_string_equal(heard.text, "message=2;");
	sse_fini(&parser);
}

static void sse_feed_of_an_endless_line_fails_with_emsgsize(void **state)
{
	enum { PIECE = 1 << 20 };
	struct heard heard = {0};
	struct sse_parser parser = {.callback = heard_event, .owner = &heard};
	char *piece = malloc(PIECE);
	int r = 0;

	(void)state;
	memset(piece, 'x', PIECE);
	for (int i = 0; i <= SSE_EVENT_MAX / PIECE && r == 0; i++)
		r = sse_feed(&parser, piece, PIECE);
	assert_int_equal(r, -EMSGSIZE);
	free(piece);
	sse_fini(&parser);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sse_feed_in_any_pieces_gives_the_same_events),
		cmocka_unit_test(sse_feed_passes_on_what_the_callback_says),
		cmocka_unit_test(sse_reset_forgets_half_an_event),
		cmocka_unit_test(sse_feed_of_an_endless_line_fails_with_emsgsize),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
