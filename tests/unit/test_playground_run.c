#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/playground_run.h"

/* Both streams as they were emitted. */
struct said {
	char text[2][1024];
};

static void emit(struct playground_run *run, int stream, const char *text, size_t len)
{
	struct said *said = run->owner;
	char *to = said->text[stream == 2];
	size_t used = strlen(to);

	assert_true(used + len < sizeof(said->text[0]));
	memcpy(to + used, text, len);
	to[used + len] = '\0';
}

static void feed_output(struct playground_run *run, enum step_kind kind, int stream,
			const char *data)
{
	struct job_event event = {.type = JOB_EVENT_OUTPUT,
				  .kind = kind,
				  .stream = stream,
				  .data = strdup(data),
				  .len = strlen(data)};

	playground_run_event(run, &event);
	assert_null(event.data);
}

static void feed_step(struct playground_run *run, enum step_kind kind, enum outcome outcome,
		      int exit_code)
{
	struct job_event event = {.type = JOB_EVENT_STEP,
				  .step = {.kind = kind,
					   .outcome = outcome,
					   .exit_code = exit_code,
					   .wall_usec = 10000}};

	playground_run_event(run, &event);
}

static void playground_run_event_program_runs_between_cargos_lines(void **state)
{
	const struct cargo_build build = {.is_bin = 1};
	struct job_event running = {.type = JOB_EVENT_STATE, .state = JOB_RUNNING};
	struct playground_run run;
	struct said said = {0};

	(void)state;
	playground_run_init(&run, &build, emit, &said);
	/* The summary comes in two pieces, a character of the output too. */
	feed_output(&run, STEP_COMPILE, 2, "warning: u\n\nwarning: 1 warn");
	feed_output(&run, STEP_COMPILE, 2, "ing emitted\n\n");
	assert_string_equal(said.text[1], "");
	feed_step(&run, STEP_COMPILE, OUTCOME_EXITED, 0);
	playground_run_event(&run, &running);
	assert_true(run.running_since_usec > 0);
	feed_output(&run, STEP_RUN, 1, "caf\xc3");
	assert_string_equal(said.text[0], "caf");
	feed_output(&run, STEP_RUN, 1, "\xa9\xe2\x82");
	feed_output(&run, STEP_RUN, 2, "hm\n");
	feed_step(&run, STEP_RUN, OUTCOME_EXITED, 0);
	assert_string_equal(said.text[0], "caf\xc3\xa9\xef\xbf\xbd");
	assert_string_equal(
		said.text[1],
		"   Compiling playground v0.0.1 (/playground)\nwarning: u\n\n"
		"warning: `playground` (bin \"playground\") generated 1 warning\n"
		"    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.01s\n"
		"     Running `target/debug/playground`\nhm\n");
	assert_int_equal(run.running_since_usec, 0);
	playground_run_fini(&run);
}

static void playground_run_event_out_of_memory_is_explained(void **state)
{
	const struct cargo_build build = {.is_bin = 1};
	struct playground_run run;
	struct said said = {0};

	(void)state;
	playground_run_init(&run, &build, emit, &said);
	feed_step(&run, STEP_RUN, OUTCOME_OUT_OF_MEMORY, 0);
	assert_string_equal(said.text[1], "error: It needed more memory than it may have.\n");
	playground_run_fini(&run);
}

static int end(const struct cargo_build *build, enum step_kind kind, enum outcome outcome,
	       int exit_code, int signal, char detail[PLAYGROUND_DETAIL_SIZE], struct error *err)
{
	struct job_result result = {.last = {.kind = kind,
					     .outcome = outcome,
					     .exit_code = exit_code,
					     .signal = signal}};
	struct playground_run run;
	struct said said = {0};

	playground_run_init(&run, build, emit, &said);
	return playground_run_end(&run, &result, detail, err);
}

static void playground_run_end_says_how_it_ended(void **state)
{
	const struct cargo_build bin = {.is_bin = 1}, tests = {.is_bin = 1, .tests = 1};
	char detail[PLAYGROUND_DETAIL_SIZE];
	struct error err = {0};

	(void)state;
	assert_int_equal(end(&bin, STEP_RUN, OUTCOME_EXITED, 0, 0, detail, &err), 1);
	assert_string_equal(detail, "Exited with status 0");
	assert_int_equal(end(&bin, STEP_RUN, OUTCOME_EXITED, 3, 0, detail, &err), 0);
	assert_string_equal(detail, "Exited with status 3");
	assert_int_equal(end(&bin, STEP_RUN, OUTCOME_SIGNALED, 0, 11, detail, &err), 0);
	assert_string_equal(detail, "Exited with signal 11 (SIGSEGV): segmentation violation");
	assert_int_equal(end(&bin, STEP_COMPILE, OUTCOME_EXITED, 1, 0, detail, &err), 0);
	assert_string_equal(detail, "Exited with status 101");
	assert_int_equal(end(&tests, STEP_RUN, OUTCOME_EXITED, 101, 0, detail, &err), 0);
	assert_string_equal(detail, "Exited with status 101");
	assert_int_equal(end(&bin, STEP_RUN, OUTCOME_OUT_OF_MEMORY, 0, 9, detail, &err), 0);
	assert_string_equal(detail, "Exited with signal 9 (SIGKILL): kill program");
}

static void playground_run_end_limits_are_errors(void **state)
{
	static const enum outcome outcomes[] = {OUTCOME_WALL_TIMEOUT, OUTCOME_CPU_TIMEOUT,
						OUTCOME_OUTPUT_LIMIT, OUTCOME_KILLED,
						OUTCOME_REFUSED,      OUTCOME_INTERNAL_ERROR};
	const struct cargo_build bin = {.is_bin = 1};
	char detail[PLAYGROUND_DETAIL_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		struct error err = {0};
		assert_int_equal(end(&bin, STEP_RUN, outcomes[i], 0, 9, detail, &err), -EPROTO);
		assert_non_null(strstr(err.text, outcome_sentence(outcomes[i])));
	}
}

static void playground_run_event_tools_print_what_their_command_prints(void **state)
{
	static const struct {
		struct cargo_build build;
		const char *wanted;
	} rows[] = {
		{{.command = CARGO_RUSTC, .is_bin = 1},
		 "   Compiling playground v0.0.1 (/playground)\nnote\n"
		 "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.01s\n"},
		{{.command = CARGO_CHECK},
		 "    Checking playground v0.0.1 (/playground)\nnote\n"
		 "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.01s\n"},
		{{.command = CARGO_FMT}, "note\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct said said = {0};
		struct playground_run run;
		playground_run_init(&run, &rows[i].build, emit, &said);
		feed_output(&run, STEP_COMPILE, 2, "note\n");
		feed_step(&run, STEP_COMPILE, OUTCOME_EXITED, 0);
		assert_string_equal(said.text[1], rows[i].wanted);
		playground_run_fini(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(playground_run_event_tools_print_what_their_command_prints),
		cmocka_unit_test(playground_run_event_program_runs_between_cargos_lines),
		cmocka_unit_test(playground_run_event_out_of_memory_is_explained),
		cmocka_unit_test(playground_run_end_says_how_it_ended),
		cmocka_unit_test(playground_run_end_limits_are_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
