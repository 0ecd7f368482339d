/* What goes between a job's program and those who follow it: output, stdin. */
#include "unit_service.h"

#include <sched.h>

#include "front/job_internal.h"
#include "front/service_internal.h"

static void job_submit_large_output_arrives_whole(void **state)
{
	const struct ask ask = {.language = "script", .words = {"out=100000", "err=99999"}};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_int_equal(seen.result.last.outcome, OUTCOME_EXITED);
	assert_int_equal(seen.bytes[STEP_RUN][0], 100000);
	assert_int_equal(seen.bytes[STEP_RUN][1], 99999);
	assert_false(seen.result.last.truncated_stdout || seen.result.last.truncated_stderr);
	job_unref(job);
}

static void job_submit_output_beyond_the_limit_is_cut_and_told(void **state)
{
	const struct ask ask = {
		.language = "script", .words = {"out=100001"}, .output_bytes = 100000};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_int_equal(seen.result.last.outcome, OUTCOME_OUTPUT_LIMIT);
	assert_int_equal(seen.bytes[STEP_RUN][0], 100000);
	assert_true(seen.result.last.truncated_stdout);
	assert_false(seen.result.last.truncated_stderr);
	job_unref(job);
}

static void job_submit_alternating_output_keeps_the_log_small(void **state)
{
	const struct ask ask = {.language = "script", .words = {"mix=50000"}};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_int_equal(seen.bytes[STEP_RUN][0], 50000);
	assert_int_equal(seen.bytes[STEP_RUN][1], 50000);
	assert_in_range(seen.outputs, 1, 5000);
	seen = follow(job);
	assert_int_equal(seen.bytes[STEP_RUN][0], 50000);
	assert_in_range(seen.outputs, 1, 5000);
	job_unref(job);
}

static void job_submit_stdin_text_is_fed_and_closed(void **state)
{
	const struct ask ask = {.language = "script", .words = {"cat"}, .stdin_text = "sssss"};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_int_equal(seen.bytes[STEP_RUN][0], 5);
	assert_int_equal(job_stdin(job, "x", 1), -EPIPE);
	assert_int_equal(job_stdin_close(job), -EPIPE);
	job_unref(job);
}

static void job_stdin_interactive_goes_through(void **state)
{
	const struct ask ask = {.language = "built", .words = {"cat"}, .interactive = 1};
	struct job *job = submit(*state, &ask);
	static char large[90000];

	memset(large, 'x', sizeof(large));
	assert_int_equal(job_stdin(job, large, 10), 0);
	wait_state(job, JOB_RUNNING);
	assert_int_equal(job_stdin(job, large, sizeof(large) - 10), 0);
	assert_int_equal(job_stdin_close(job), 0);
	assert_int_equal(job_stdin(job, "x", 1), -EPIPE);
	struct seen seen = follow(job);
	assert_int_equal(seen.bytes[STEP_RUN][0], sizeof(large));
	assert_int_equal(seen.result.last.outcome, OUTCOME_EXITED);
	job_unref(job);
}

static void job_stdin_too_much_waiting_is_refused(void **state)
{
	const struct ask ask = {.language = "script", .words = {"hang"}, .interactive = 1};
	struct job *job = submit(*state, &ask);
	char *large = calloc(1, JOB_STDIN_BUFFER);

	wait_state(job, JOB_RUNNING);
	assert_int_equal(job_stdin(job, large, JOB_STDIN_BUFFER), 0);
	/* A pipe takes 64 KiB of it at most. */
	assert_int_equal(job_stdin(job, large, JOB_STDIN_BUFFER), -ENOBUFS);
	free(large);
	job_kill(job);
	assert_int_equal(follow(job).result.last.outcome, OUTCOME_KILLED);
	job_unref(job);
}

/* ---- readers that do not read ---- */

enum { LOUD = 900000 };

/* Waits for a line, prints more than a window and what pipes hold, and ends. */
static const struct ask loud = {
	.language = "script", .words = {"line", "out=900000", "err=5"}, .interactive = 1};

static int is_held(struct job *job, int stream)
{
	service_lock(job->service);
	int held = job->held[stream - 1];
	service_unlock(job->service);
	return held;
}

/* Waits until a stream is on hold. */
static void wait_held(struct job *job, int stream)
{
	while (!is_held(job, stream)) {
		if (job_peek(job, NULL, NULL, NULL))
			fail_msg("it went on to its end");
		sched_yield();
	}
}

static size_t printed(struct job *job, int stream)
{
	char *text;
	size_t len;

	assert_int_equal(job_output(job, STEP_RUN, stream, &text, &len), 0);
	free(text);
	return len;
}

static void wait_printed(struct job *job, int stream, size_t len)
{
	while (printed(job, stream) < len)
		sched_yield();
}

/* Without reading anything of it. */
static void wait_end(struct job *job)
{
	while (!job_peek(job, NULL, NULL, NULL))
		sched_yield();
}

static void say_line(struct job *job)
{
	assert_int_equal(job_stdin(job, "\n", 1), 0);
}

/* Reads until len bytes of stdout were had in all, or to the end. Returns them. */
static size_t read_on(struct job_reader *reader, size_t len)
{
	struct job_event event;
	size_t had = 0;

	while (had < len && job_reader_next(reader, WAIT_USEC, &event) == 1 &&
	       event.type != JOB_EVENT_RESULT) {
		if (event.type == JOB_EVENT_OUTPUT && event.stream == 1)
			had += event.len;
		if (event.type == JOB_EVENT_OUTPUT)
			free(event.data);
	}
	return had;
}

static void job_reader_that_does_not_read_holds_the_program(void **state)
{
	struct job *job = submit(*state, &loud);
	struct job_reader reader;

	job_reader_open(&reader, job);
	say_line(job);
	wait_held(job, 1);
	assert_in_range(printed(job, 1), JOB_WINDOW, JOB_WINDOW + (64 << 10));
	assert_int_equal(printed(job, 2), 0);
	assert_int_equal(job_peek(job, NULL, NULL, NULL), 0);
	assert_int_equal(read_on(&reader, SIZE_MAX), LOUD);
	job_reader_close(&reader);
	assert_int_equal(follow(job).result.last.outcome, OUTCOME_EXITED);
	job_unref(job);
}

static void job_reader_that_leaves_releases_the_program(void **state)
{
	struct job *job = submit(*state, &loud);
	struct job_reader reader;

	job_reader_open(&reader, job);
	say_line(job);
	wait_held(job, 1);
	job_reader_close(&reader);
	job_reader_close(&reader);
	wait_end(job);
	assert_int_equal(printed(job, 1), LOUD);
	job_unref(job);
}

static void job_reader_the_slowest_counts(void **state)
{
	struct job *job = submit(*state, &loud);
	struct job_reader slow, quick;

	job_reader_open(&slow, job);
	job_reader_open(&quick, job);
	say_line(job);
	size_t had = read_on(&quick, JOB_WINDOW);
	wait_held(job, 1);
	job_reader_close(&slow);
	assert_int_equal(had + read_on(&quick, SIZE_MAX), LOUD);
	job_reader_close(&quick);
	job_unref(job);
}

static void job_without_live_readers_goes_to_its_end(void **state)
{
	struct job *job = submit(*state, &loud);
	struct job_event event;
	size_t cursor = 0;

	assert_int_equal(job_next_event(job, &cursor, WAIT_USEC, &event), 1);
	say_line(job);
	wait_end(job);
	assert_int_equal(printed(job, 1), LOUD);
	job_unref(job);
}

static void job_reader_that_is_late_counts_when_it_has_caught_up(void **state)
{
	const struct ask ask = {.language = "script",
				.words = {"out=400000", "line", "out=200000", "line", "out=400000"},
				.interactive = 1};
	struct job *job = submit(*state, &ask);
	struct job_reader late;

	wait_printed(job, 1, 400000);
	job_reader_open(&late, job);
	say_line(job);
	wait_printed(job, 1, 600000);
	assert_false(is_held(job, 1));
	assert_in_range(read_on(&late, 450000), 450000, 600000);
	say_line(job);
	wait_held(job, 1);
	job_reader_close(&late);
	wait_end(job);
	assert_int_equal(printed(job, 1), 1000000);
	job_unref(job);
}

/* What is more than the window fits into the pipe. */
static void job_reader_that_holds_stdout_delays_neither_stderr_nor_the_end(void **state)
{
	const struct ask ask = {.language = "script",
				.words = {"line", "out=320000", "err=5", "line", "exit=3"},
				.interactive = 1};
	struct job *job = submit(*state, &ask);
	struct job_reader reader;
	struct job_result result;

	job_reader_open(&reader, job);
	say_line(job);
	wait_held(job, 1);
	wait_printed(job, 2, 5);
	assert_true(is_held(job, 1));
	say_line(job);
	wait_end(job);
	assert_int_equal(job_peek(job, NULL, NULL, &result), 1);
	assert_int_equal(result.last.exit_code, 3);
	assert_int_equal(printed(job, 1), 320000);
	assert_int_equal(read_on(&reader, SIZE_MAX), 320000);
	job_reader_close(&reader);
	job_unref(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_SERVICE_TEST(job_submit_large_output_arrives_whole),
		UNIT_SERVICE_TEST(job_submit_output_beyond_the_limit_is_cut_and_told),
		UNIT_SERVICE_TEST(job_submit_alternating_output_keeps_the_log_small),
		UNIT_SERVICE_TEST(job_submit_stdin_text_is_fed_and_closed),
		UNIT_SERVICE_TEST(job_stdin_interactive_goes_through),
		UNIT_SERVICE_TEST(job_stdin_too_much_waiting_is_refused),
		UNIT_SERVICE_TEST(job_reader_that_does_not_read_holds_the_program),
		UNIT_SERVICE_TEST(job_reader_that_leaves_releases_the_program),
		UNIT_SERVICE_TEST(job_reader_the_slowest_counts),
		UNIT_SERVICE_TEST(job_without_live_readers_goes_to_its_end),
		UNIT_SERVICE_TEST(job_reader_that_is_late_counts_when_it_has_caught_up),
		UNIT_SERVICE_TEST(job_reader_that_holds_stdout_delays_neither_stderr_nor_the_end),
	};

	unit_service_signals();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
