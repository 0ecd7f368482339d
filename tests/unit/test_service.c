/* Jobs through the front end, from submit to end: how they end, wait, are found, and stop. */
#include "unit_service.h"

static void job_submit_built_compiles_then_runs(void **state)
{
	const struct ask ask = {.language = "built",
				.words = {"needs-artefact", "out=5", "exit=3"}};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);
	char *text;
	size_t len;

	assert_string_equal(seen.states, "queued compiling waiting_to_run running ");
	assert_int_equal(seen.result.last.kind, STEP_RUN);
	assert_int_equal(seen.result.last.outcome, OUTCOME_EXITED);
	assert_int_equal(seen.result.last.exit_code, 3);
	assert_int_equal(seen.steps, 2);
	assert_int_equal(seen.bytes[STEP_COMPILE][1], 10);
	assert_int_equal(seen.bytes[STEP_RUN][0], 5);
	assert_int_equal(job_output(job, STEP_RUN, 1, &text, &len), 0);
	assert_string_equal(text, "ooooo");
	free(text);
	job_unref(job);
}

static void job_submit_failed_compile_ends_the_job(void **state)
{
	const struct ask ask = {.language = "built", .compile = "fails"};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_string_equal(seen.states, "queued compiling ");
	assert_int_equal(seen.result.last.kind, STEP_COMPILE);
	assert_int_equal(seen.result.last.exit_code, 101);
	assert_false(seen.result.done[STEP_RUN]);
	job_unref(job);
}

static void job_submit_compile_without_artefact_is_refused(void **state)
{
	const struct ask ask = {.language = "built", .compile = "empty"};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_int_equal(seen.result.last.outcome, OUTCOME_REFUSED);
	assert_int_equal(seen.result.steps[STEP_COMPILE].outcome, OUTCOME_REFUSED);
	job_unref(job);
}

static void job_kill_running_ends_it(void **state)
{
	const struct ask ask = {.language = "script", .words = {"out=5", "hang"}};
	struct job *job = submit(*state, &ask);
	struct seen seen;

	wait_state(job, JOB_RUNNING);
	job_kill(job);
	job_kill(job);
	seen = follow(job);
	assert_int_equal(seen.result.last.outcome, OUTCOME_KILLED);
	assert_int_equal(seen.bytes[STEP_RUN][0], 5);
	job_kill(job);
	job_unref(job);
}

static void job_kill_queued_ends_it_and_positions_move(void **state)
{
	const struct ask ask = {.language = "script", .words = {"hang"}};
	struct job *jobs[6];
	enum job_state job_state;
	unsigned position;

	/* Of four run slots one client gets three. */
	for (int i = 0; i < 6; i++)
		jobs[i] = submit(*state, &ask);
	wait_state(jobs[2], JOB_RUNNING);
	assert_int_equal(job_peek(jobs[5], &job_state, &position, NULL), 0);
	assert_int_equal(job_state, JOB_QUEUED);
	assert_int_equal(position, 3);
	job_kill(jobs[3]);
	struct seen seen = follow(jobs[3]);
	assert_int_equal(seen.result.last.outcome, OUTCOME_KILLED);
	assert_false(seen.result.done[STEP_RUN]);
	assert_int_equal(job_peek(jobs[5], &job_state, &position, NULL), 0);
	assert_int_equal(position, 2);
	for (int i = 0; i < 6; i++)
		job_kill(jobs[i]);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(follow(jobs[i]).result.last.outcome, OUTCOME_KILLED);
		job_unref(jobs[i]);
	}
}

static void job_submit_full_queue_is_refused_with_a_time(void **state)
{
	const struct ask ask = {.language = "script", .words = {"hang"}};
	struct job *jobs[3 + QUEUE_CLIENT_MAX], *job;
	unsigned retry_sec = 0;
	struct error err = {0};

	for (int i = 0; i < 3; i++) {
		jobs[i] = submit(*state, &ask);
		wait_state(jobs[i], JOB_RUNNING);
	}
	for (int i = 3; i < 3 + QUEUE_CLIENT_MAX; i++)
		jobs[i] = submit(*state, &ask);
	assert_int_equal(ask_submit(*state, &ask, &job, &retry_sec, &err), -EBUSY);
	assert_in_range(retry_sec, 1, 60);
	/* Another client is not concerned. */
	const struct ask other = {.language = "script", .client = "other"};
	job = submit(*state, &other);
	assert_int_equal(follow(job).result.last.outcome, OUTCOME_EXITED);
	job_unref(job);
	for (int i = 0; i < 3 + QUEUE_CLIENT_MAX; i++)
		job_kill(jobs[i]);
	for (int i = 0; i < 3 + QUEUE_CLIENT_MAX; i++) {
		follow(jobs[i]);
		job_unref(jobs[i]);
	}
}

static void job_submit_bad_request_takes_no_place(void **state)
{
	const struct ask ask = {.language = "cobol"};
	struct job *job;
	unsigned retry_sec;
	struct error err;

	for (int i = 0; i < 2 * QUEUE_TOTAL_MAX; i++)
		assert_int_equal(ask_submit(*state, &ask, &job, &retry_sec, &err), -EINVAL);
	assert_non_null(strstr(err.text, "cobol"));
	const struct ask good = {.language = "script"};
	job = submit(*state, &good);
	follow(job);
	job_unref(job);
}

static void job_find_knows_it_now_and_after_a_restart(void **state)
{
	struct world *world = *state;
	const struct ask ask = {.language = "built", .words = {"out=70000", "err=5", "crash"}};
	struct job *job = submit(world, &ask);
	char id[JOB_ID_SIZE];

	memcpy(id, job_id(job), sizeof(id));
	follow(job);
	assert_ptr_equal(job_find(world->service, id), job);
	job_unref(job);
	job_unref(job);
	assert_null(job_find(world->service, "0123"));
	assert_null(job_find(world->service, "0123456789abcdef0123456789abcdef"));
	assert_null(job_find(world->service, "0123456789abcdef0123456789abcde'"));

	world_close(world, 1);
	service_free(world->service);
	world_open(world);
	job = job_find(world->service, id);
	assert_non_null(job);
	assert_string_equal(job_id(job), id);
	struct seen seen = follow(job);
	assert_int_equal(seen.result.last.outcome, OUTCOME_SIGNALED);
	assert_int_equal(seen.result.last.wall_usec, 7);
	assert_int_equal(seen.steps, 2);
	assert_int_equal(seen.bytes[STEP_RUN][0], STORE_OUTPUT_MAX);
	assert_int_equal(seen.bytes[STEP_RUN][1], 5);
	assert_true(seen.result.steps[STEP_RUN].truncated_stdout);
	job_unref(job);
}

static void service_stop_ends_every_open_job(void **state)
{
	struct world *world = *state;
	const struct ask ask = {.language = "script", .words = {"out=3", "hang"}};
	struct job *jobs[8], *job;
	unsigned retry_sec;
	struct error err;

	for (int i = 0; i < 8; i++)
		jobs[i] = submit(world, &ask);
	wait_state(jobs[0], JOB_RUNNING);
	world_close(world, 0);
	for (int i = 0; i < 8; i++) {
		struct seen seen = follow(jobs[i]);
		assert_int_equal(seen.result.last.outcome, OUTCOME_INTERNAL_ERROR);
		assert_non_null(strstr(seen.result.last.detail, "run it again"));
		job_unref(jobs[i]);
	}
	assert_int_equal(ask_submit(world, &ask, &job, &retry_sec, &err), -EBUSY);
	service_free(world->service);
	/* Nothing is left for the next one to recover. */
	struct store *store;
	int set_aside;
	unsigned recovered = 9;
	assert_int_equal(store_open(world->folder, &store, &set_aside, &recovered, NULL), 0);
	assert_int_equal(recovered, 0);
	store_close(store);
	world->service = NULL;
}

struct crowd {
	struct world *world;
	unsigned number, results;
};

static void *crowd_main(void *context)
{
	struct crowd *crowd = context;
	char client[32];

	snprintf(client, sizeof(client), "client-%u", crowd->number);
	for (unsigned i = 0; i < 60; i++) {
		const struct ask ask = {.language = i % 2 ? "built" : "script",
					.words = {"err=1000", "cat"},
					.stdin_text = "yyy",
					.client = client};
		struct job *job = submit(crowd->world, &ask);
		if (i % 7 == 0)
			job_kill(job);
		struct seen seen = follow(job);
		crowd->results += seen.result.last.outcome == OUTCOME_EXITED ||
				  seen.result.last.outcome == OUTCOME_KILLED;
		job_unref(job);
	}
	return NULL;
}

static void job_submit_from_many_threads_every_job_ends(void **state)
{
	struct crowd crowds[8];
	pthread_t threads[8];

	for (unsigned i = 0; i < 8; i++) {
		crowds[i] = (struct crowd){*state, i, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, crowd_main, &crowds[i]), 0);
	}
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(crowds[i].results, 60);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_SERVICE_TEST(job_submit_built_compiles_then_runs),
		UNIT_SERVICE_TEST(job_submit_failed_compile_ends_the_job),
		UNIT_SERVICE_TEST(job_submit_compile_without_artefact_is_refused),
		UNIT_SERVICE_TEST(job_kill_running_ends_it),
		UNIT_SERVICE_TEST(job_kill_queued_ends_it_and_positions_move),
		UNIT_SERVICE_TEST(job_submit_full_queue_is_refused_with_a_time),
		UNIT_SERVICE_TEST(job_submit_bad_request_takes_no_place),
		UNIT_SERVICE_TEST(job_find_knows_it_now_and_after_a_restart),
		UNIT_SERVICE_TEST(service_stop_ends_every_open_job),
		UNIT_SERVICE_TEST(job_submit_from_many_threads_every_job_ends),
	};

	unit_service_signals();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
