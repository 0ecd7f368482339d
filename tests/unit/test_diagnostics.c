#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/diagnostics_internal.h"
#include "front/job.h"

/* What a reader told: the text, and the diagnostics, one a line. */
struct told {
	char text[8192], events[8192];
	size_t count;
};

static void add(char *to, const char *data, size_t len)
{
	size_t used = strlen(to);

	assert_true(used + len + 1 < sizeof(((struct told *)0)->text));
	memcpy(to + used, data, len);
	to[used + len] = '\0';
}

static void tell_text(void *owner, const char *data, size_t len)
{
	add(((struct told *)owner)->text, data, len);
}

static void tell_event(void *owner, const char *json, size_t len)
{
	struct told *told = owner;

	told->count++;
	add(told->events, json, len);
	add(told->events, "\n", 1);
}

/* Reads input in pieces of this size. */
static void read_pieces(enum diagnostics_format format, const char *source, const char *input,
			size_t piece, struct told *told)
{
	const struct job_file file = {"main.c", source, strlen(source)};
	const char *name = "main.c";
	struct diagnostics *diagnostics = diagnostics_new(format, &file, &name, 1);
	const struct diagnostics_sink sink = {tell_text, tell_event, told};
	size_t len = strlen(input);

	assert_non_null(diagnostics);
	memset(told, 0, sizeof(*told));
	for (size_t at = 0; at < len; at += piece)
		diagnostics_feed(diagnostics, input + at, len - at < piece ? len - at : piece, 0,
				 &sink);
	diagnostics_feed(diagnostics, "", 0, 1, &sink);
	diagnostics_free(diagnostics);
}

static void check(enum diagnostics_format format, const char *source, const char *input,
		  const char *text, const char *events)
{
	static const size_t pieces[] = {1, 7, 100000};
	struct told told;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		read_pieces(format, source, input, pieces[i], &told);
		assert_string_equal(told.text, text);
		assert_string_equal(told.events, events);
	}
}

#define SPAN(file, expansion)                                                                      \
	"{\"file_name\":\"" file "\",\"line_start\":2,\"line_end\":3,\"column_start\":4,"          \
	"\"column_end\":5,\"is_primary\":true,\"expansion\":" expansion
#define PLACE "\"line\":2,\"column\":4,\"end_line\":3,\"end_column\":5}"

static void diagnostics_feed_rustc_line_is_text_and_event(void **state)
{
	(void)state;
	check(DIAGNOSTICS_RUSTC, "",
	      "before\n{\"message\":\"m\",\"code\":{\"code\":\"E1\"},\"level\":\"error\",\"spans\":"
	      "[" SPAN("a.rs", "null") "}],\"children\":[{\"message\":\"do\",\"spans\":[" SPAN(
		      "a.rs", "null") ",\"suggested_replacement\":\"x\",\"suggestion_"
				      "applicability\":\"MaybeIncorrect\"}]},"
				      "{\"message\":\"none\",\"spans\":[]}],\"rendered\":"
				      "\"human\\ntext\\n\"}\nafter",
	      "before\nhuman\ntext\nafter",
	      "{\"type\":\"diagnostic\",\"severity\":\"error\",\"message\":\"m\",\"rendered\":"
	      "\"human\\ntext\\n\",\"fixes\":[{\"message\":\"do\",\"applicability\":"
	      "\"MaybeIncorrect\",\"edits\":[{\"text\":\"x\",\"file\":\"a.rs\"," PLACE
	      "]}],\"code\":\"E1\",\"file\":\"a.rs\"," PLACE "\n");
}

static void diagnostics_feed_rustc_fix_that_cannot_be_made_whole_is_none(void **state)
{
#define EDIT(file) SPAN(file, "null") ",\"suggested_replacement\":\"x\"}"
	(void)state;
	check(DIAGNOSTICS_RUSTC, "",
	      "{\"message\":\"m\",\"code\":null,\"level\":\"error\",\"spans\":[" SPAN(
		      "a.rs",
		      "nul"
		      "l") "}],\"children\":[{\"message\":\"half\",\"spans\":[" EDIT("a.rs") "," EDIT("/rustc/std.rs") "]},{\"message\":\"whole\",\"spans\":"
														       "[" EDIT("a.rs") "," EDIT(
															       "b.rs") "]}],"
																       "\"render"
																       "ed\":"
																       "\"\"}\n",
	      "",
	      "{\"type\":\"diagnostic\",\"severity\":\"error\",\"message\":\"m\",\"rendered\":\"\","
	      "\"fixes\":[{\"message\":\"whole\",\"applicability\":\"Unspecified\",\"edits\":["
	      "{\"text\":\"x\",\"file\":\"a.rs\"," PLACE ",{\"text\":\"x\",\"file\":\"b.rs\"," PLACE
	      "]}],\"file\":\"a.rs\"," PLACE "\n");
#undef EDIT
}

static void diagnostics_feed_rustc_place_in_a_macro_is_where_it_is_used(void **state)
{
	(void)state;
	check(DIAGNOSTICS_RUSTC, "",
	      "{\"message\":\"m\",\"code\":null,\"level\":\"failure-note\",\"spans\":[" SPAN(
		      "/rustc/std.rs",
		      "{\"span\":" SPAN("a.rs", "null") "}}") "}],\"children\":[],"
							      "\"rendered\":\"\"}\n",
	      "",
	      "{\"type\":\"diagnostic\",\"severity\":\"note\",\"message\":\"m\",\"rendered\":\"\","
	      "\"fixes\":[],\"file\":\"a.rs\"," PLACE "\n");
}

static void diagnostics_feed_rustc_what_is_none_is_text(void **state)
{
	static const char *const lines[] = {
		"{",	 "{}\n", "{\"level\":\"error\"}\n",	      "{\"rendered\":\"x\"}\n",
		"[1]\n", "\n\n", "{\"level\":1,\"rendered\":\"x\"}\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check(DIAGNOSTICS_RUSTC, "", lines[i], lines[i], "");
	/* Human text, but no place. */
	check(DIAGNOSTICS_RUSTC, "", "{\"level\":\"error\",\"rendered\":\"aborting\\n\"}\n",
	      "aborting\n", "");
	check(DIAGNOSTICS_RUSTC, "",
	      "{\"level\":\"error\",\"message\":\"m\",\"rendered\":\"\",\"spans\":["
	      "{\"file_name\":\"a\",\"is_primary\":true,\"line_start\":0}]}\n",
	      "", "");
}

#define GCC_EVENT(severity, rest)                                                                  \
	"{\"type\":\"diagnostic\",\"severity\":\"" severity                                        \
	"\",\"file\":\"main.c\",\"fixes\":" rest "}\n"

static void diagnostics_feed_gcc_text_is_kept_but_for_fixes(void **state)
{
	(void)state;
	check(DIAGNOSTICS_GCC, "\tü = a.x;\n",
	      "main.c: In function 'f':\n"
	      "main.c:1:15: error: no 'x' [-Wx]\n    1 |         ü = a.x;\n"
	      "      |               ^~\n"
	      "fix-it:\"main.c\":{1:9-1:10}:\"\\\"\\101\\\\\"\n"
	      "fix-it:\"main.c\":{1:2-1:2}:\"int \"\nmain.c:1:9: note: here\n",
	      "main.c: In function 'f':\n"
	      "main.c:1:15: error: no 'x' [-Wx]\n    1 |         ü = a.x;\n"
	      "      |               ^~\nmain.c:1:9: note: here\n",
	      GCC_EVENT(
		      "error",
		      "[{\"message\":\"replace this\",\"applicability\":\"Unspecified\",\"edits\":["
		      "{\"file\":\"main.c\",\"text\":\"\\\"A\\\\\",\"line\":1,\"column\":8,"
		      "\"end_line\":1,\"end_column\":9},{\"file\":\"main.c\",\"text\":\"int \","
		      "\"line\":1,\"column\":2,\"end_line\":1,\"end_column\":2}]}],"
		      "\"code\":\"-Wx\",\"message\":\"no 'x'\",\"line\":1,\"column\":8,"
		      "\"end_line\":1,\"end_column\":10")
		      GCC_EVENT("note",
				"[],\"message\":\"here\",\"line\":1,\"column\":2,\"end_line\":1,"
				"\"end_column\":3"));
}

static void diagnostics_feed_gcc_what_is_none_is_text(void **state)
{
	static const char *const lines[] = {"main.c:1: error: x\n",
					    "main.c:0:1: error: x\n",
					    "main.c:1:1: horror: x\n",
					    "/usr/x.h:1:1: error: x\n",
					    "main.c:9:1: error: x\n",
					    "main.c:1:1:error: x",
					    "fix-it:\"main.c\":{1:1-1:1}\n",
					    "fix-it:x\n",
					    "      |   ^~\n",
					    "main.c:99999999999:1: error: x\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check(DIAGNOSTICS_GCC, "int x;\n", lines[i], lines[i], "");
}

static void count_text(void *owner, const char *data, size_t len)
{
	(void)data;
	*(size_t *)owner += len;
}

static void diagnostics_feed_line_beyond_the_bound_is_text(void **state)
{
	struct diagnostics *diagnostics = diagnostics_new(DIAGNOSTICS_RUSTC, NULL, NULL, 0);
	static char half[DIAGNOSTICS_LINE_MAX / 2 + 1];
	size_t told = 0;
	const struct diagnostics_sink sink = {count_text, NULL, &told};

	(void)state;
	assert_non_null(diagnostics);
	memset(half, '{', sizeof(half));
	diagnostics_feed(diagnostics, half, sizeof(half), 0, &sink);
	assert_int_equal(told, 0);
	diagnostics_feed(diagnostics, half, sizeof(half), 0, &sink);
	assert_int_equal(told, 2 * sizeof(half));
	diagnostics_feed(diagnostics, "x\n{}\n", 5, 0, &sink);
	assert_int_equal(told, 2 * sizeof(half) + 5);
	diagnostics_free(diagnostics);
}

static void diagnostics_tell_is_bounded(void **state)
{
	struct diagnostics *diagnostics = diagnostics_new(DIAGNOSTICS_RUSTC, NULL, NULL, 0);
	struct told *told = calloc(1, sizeof(*told));
	const struct diagnostics_sink sink = {tell_text, tell_event, told};

	(void)state;
	assert_non_null(diagnostics);
	assert_non_null(told);
	for (int i = 0; i < DIAGNOSTICS_MAX + 5; i++)
		diagnostics_tell(diagnostics, json_pack("{}"), &sink);
	assert_int_equal(told->count, DIAGNOSTICS_MAX);
	diagnostics_free(diagnostics);
	free(told);
}

static void diagnostics_column_counts_characters(void **state)
{
	static const char line[] = "\ta\u00fc\u4e2db";

	(void)state;
	assert_int_equal(diagnostics_column_of_byte(line, strlen(line), 1), 1);
	assert_int_equal(diagnostics_column_of_byte(line, strlen(line), 3), 3);
	assert_int_equal(diagnostics_column_of_byte(line, strlen(line), 5), 4);
	assert_int_equal(diagnostics_column_of_byte(line, strlen(line), 8), 5);
	assert_int_equal(diagnostics_column_of_byte(line, strlen(line), 9), 6);
	assert_int_equal(diagnostics_column_of_byte(line, strlen(line), 11), 8);
	assert_int_equal(diagnostics_column_of_byte(line, strlen(line), 6), 4);
	assert_int_equal(diagnostics_column_of_display(line, strlen(line), 9), 2);
	assert_int_equal(diagnostics_column_of_display(line, strlen(line), 10), 3);
	assert_int_equal(diagnostics_column_of_display(line, strlen(line), 11), 4);
	assert_int_equal(diagnostics_column_of_display(line, strlen(line), 13), 5);
	assert_int_equal(diagnostics_column_of_display("", 0, 3), 3);
	assert_int_equal(diagnostics_column_of_byte("\xff\xc3", 2, 3), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(diagnostics_feed_rustc_line_is_text_and_event),
		cmocka_unit_test(diagnostics_feed_rustc_fix_that_cannot_be_made_whole_is_none),
		cmocka_unit_test(diagnostics_feed_rustc_place_in_a_macro_is_where_it_is_used),
		cmocka_unit_test(diagnostics_feed_rustc_what_is_none_is_text),
		cmocka_unit_test(diagnostics_feed_gcc_text_is_kept_but_for_fixes),
		cmocka_unit_test(diagnostics_feed_gcc_what_is_none_is_text),
		cmocka_unit_test(diagnostics_feed_line_beyond_the_bound_is_text),
		cmocka_unit_test(diagnostics_tell_is_bounded),
		cmocka_unit_test(diagnostics_column_counts_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
