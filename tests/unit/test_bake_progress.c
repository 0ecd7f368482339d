#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/progress.h"

#define SEC UINT64_C(1000000)

static struct progress at_work(uint64_t done, uint64_t total, uint64_t bytes)
{
	struct progress progress = {.stage_number = 4,
				    .stage_count = 6,
				    .stage = "crates",
				    .item = "serde 1.0.1",
				    .done = done,
				    .total = total,
				    .bytes = bytes,
				    .stage_started_usec = 100 * SEC};
	return progress;
}

static void assert_line(struct progress progress, uint64_t sec, const char *wanted)
{
	char line[PROGRESS_LINE_SIZE];

	progress_line(&progress, (100 + sec) * SEC, line);
	assert_string_equal(line, wanted);
}

static void progress_line_says_what_is_known(void **state)
{
	(void)state;
	assert_line(at_work(0, 0, 0), 5, "[4/6] crates, 5.0 s  serde 1.0.1");
	assert_line(at_work(7, 0, 0), 5, "[4/6] crates 7, 5.0 s  serde 1.0.1");
	assert_line(at_work(0, 9, 0), 5, "[4/6] crates 0/9, 5.0 s  serde 1.0.1");
	assert_line(at_work(9, 9, 1234), 5, "[4/6] crates 9/9, 2 kB, 5.0 s  serde 1.0.1");
	assert_line(at_work(9, 9, 12345678), 5, "[4/6] crates 9/9, 12.3 MB, 5.0 s  serde 1.0.1");
}

static void progress_line_guesses_the_time_left(void **state)
{
	(void)state;
	assert_line(at_work(2, 8, 0), 10, "[4/6] crates 2/8, 10.0 s, about 30 s left  serde 1.0.1");
	assert_line(at_work(10, 100, 0), 60,
		    "[4/6] crates 10/100, 60.0 s, about 9 min left  serde 1.0.1");
	/* Too early to tell, and a total that was too small. */
	assert_line(at_work(2, 8, 0), 2, "[4/6] crates 2/8, 2.0 s  serde 1.0.1");
	assert_line(at_work(9, 8, 0), 10, "[4/6] crates 9, 10.0 s  serde 1.0.1");
}

static void progress_line_over_leaves_out_what_is_past(void **state)
{
	struct progress progress = at_work(2, 8, 5000);
	char line[PROGRESS_LINE_SIZE];

	(void)state;
	progress_line_over(&progress, 112 * SEC + SEC / 2, line);
	assert_string_equal(line, "[4/6] crates 2/8, 5 kB, 12.5 s");
}

static void progress_line_is_cut_to_its_size(void **state)
{
	struct progress progress = at_work(UINT64_MAX / 2, UINT64_MAX, UINT64_MAX);
	char line[PROGRESS_LINE_SIZE];

	(void)state;
	memset(progress.stage, 's', sizeof(progress.stage) - 1);
	memset(progress.item, 'i', sizeof(progress.item) - 1);
	progress_line(&progress, UINT64_MAX, line);
	assert_true(strlen(line) < PROGRESS_LINE_SIZE);
}

static void progress_is_due_lines_are_rarer_than_redraws(void **state)
{
	struct progress progress = {.stage_number = 1, .drawn_usec = 100 * SEC};

	(void)state;
	assert_false(progress_is_due(&progress, 109 * SEC));
	assert_true(progress_is_due(&progress, 110 * SEC));
	progress.is_terminal = 1;
	assert_false(progress_is_due(&progress, 100 * SEC + SEC / 20));
	assert_true(progress_is_due(&progress, 100 * SEC + SEC / 10));
	progress.stage_number = 0; /* nothing is being worked on */
	assert_false(progress_is_due(&progress, 200 * SEC));
}

/* What a whole bake prints; names of items are not to be trusted. */
static char *print(int is_terminal)
{
	struct progress progress;
	char *text = NULL;
	size_t size;

	progress_init(&progress, 3, 0);
	progress.out = open_memstream(&text, &size);
	assert_non_null(progress.out);
	progress.is_terminal = is_terminal;
	progress_stage(&progress, 1, "first");
	progress_total(&progress, 2);
	progress_add(&progress, "a\033[2Jb", 10);
	progress_add(&progress, "c", 10);
	progress_say(&progress, "said %d", 1);
	progress_tool_line(&progress, "not shown");
	progress_stage(&progress, 3, "third");
	progress_stage(&progress, 3, "third");
	progress_finish(&progress);
	assert_int_equal(fclose(progress.out), 0);
	return text;
}

static void progress_stage_dumb_terminal_gets_lines(void **state)
{
	char *text = print(0);

	(void)state;
	/* Times differ from run to run: all that is printed is before the comma or without one. */
	assert_ptr_equal(strstr(text, "[1/3] first …\n"), text);
	assert_non_null(strstr(text, "\nsaid 1\n[1/3] first 2/2, 1 kB, "));
	assert_non_null(strstr(text, " s\n[3/3] third …\n[3/3] third, "));
	assert_null(strchr(text, '\r'));
	assert_null(strchr(text, '\033'));
	assert_null(strstr(text, "not shown"));
	free(text);
}

static void progress_stage_terminal_has_one_line_redrawn(void **state)
{
	char *text = print(1);

	(void)state;
	assert_ptr_equal(strstr(text, "\r[1/3] first, "), text);
	assert_non_null(strstr(text, "\r\033[Ksaid 1\n"));
	assert_null(strstr(text, "\033[2J"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(progress_line_says_what_is_known),
		cmocka_unit_test(progress_line_guesses_the_time_left),
		cmocka_unit_test(progress_line_over_leaves_out_what_is_past),
		cmocka_unit_test(progress_line_is_cut_to_its_size),
		cmocka_unit_test(progress_is_due_lines_are_rarer_than_redraws),
		cmocka_unit_test(progress_stage_dumb_terminal_gets_lines),
		cmocka_unit_test(progress_stage_terminal_has_one_line_redrawn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
