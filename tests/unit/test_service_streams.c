/* What goes between a job's program and those who follow it: output, stdin. */
#include "unit_service.h"

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
	const struct ask ask = {.language = "script", .words = {"out=100001"}};
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_SERVICE_TEST(job_submit_large_output_arrives_whole),
		UNIT_SERVICE_TEST(job_submit_output_beyond_the_limit_is_cut_and_told),
		UNIT_SERVICE_TEST(job_submit_alternating_output_keeps_the_log_small),
		UNIT_SERVICE_TEST(job_submit_stdin_text_is_fed_and_closed),
		UNIT_SERVICE_TEST(job_stdin_interactive_goes_through),
		UNIT_SERVICE_TEST(job_stdin_too_much_waiting_is_refused),
	};

	unit_service_signals();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
