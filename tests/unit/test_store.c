#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "front/store.h"

static char folder[64];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_store.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static void path_of(char *path, size_t size, const char *suffix)
{
	snprintf(path, size, "%s/sandlot.db%s", folder, suffix);
}

static int teardown(void **state)
{
	static const char *const suffixes[] = {"",	   "-wal",	   "-shm",   "-journal",
					       ".damaged", ".damaged-wal", ".later", ".later-wal"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		path_of(path, sizeof(path), suffixes[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static struct store *open_good(int want_set_aside, unsigned want_recovered)
{
	struct store *store = NULL;
	struct error err = {0};
	int set_aside = -1;
	unsigned recovered = 99;

	if (store_open(folder, &store, &set_aside, &recovered, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(set_aside, want_set_aside);
	assert_int_equal(recovered, want_recovered);
	return store;
}

static struct store_job job_of(const char *id)
{
	return (struct store_job){id, "192.0.2.1", "rust", clock_real_usec()};
}

static struct store_end end_of(char *out, size_t out_len)
{
	struct step_result compile = {.kind = STEP_COMPILE, .wall_usec = 5, .detail = "built"};
	struct step_result run = {
		.kind = STEP_RUN,
		.outcome = OUTCOME_SIGNALED,
		.signal = 11,
		.wall_usec = 1,
		.user_usec = 2,
		.system_usec = 3,
		.memory_peak_bytes = 4,
		.truncated_stderr = 1,
		.detail = "A signal.",
	};
	struct store_end end = {.result = {.last = run,
					   .steps = {compile, run},
					   .done = {1, 1},
					   .queued_usec = 6,
					   .total_usec = 7}};
	end.outputs[STEP_RUN][0] = (struct store_output){out, out_len};
	return end;
}

static void store_end_is_found_with_everything(void **state)
{
	char out[] = "a\0b";
	struct store *store = open_good(0, 0);
	struct store_job job = job_of("one");
	struct store_end end = end_of(out, 3), found;

	(void)state;
	assert_int_equal(store_accept(store, &job, NULL), 0);
	assert_int_equal(store_find(store, "one", &found, NULL), 0);
	assert_int_equal(store_end(store, &job, &end, NULL), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_find(store, "one", &found, NULL), 1);
		assert_memory_equal(&found.result.last, &end.result.last,
				    sizeof(struct step_result));
		assert_memory_equal(found.result.steps, end.result.steps, sizeof(end.result.steps));
		assert_int_equal(found.result.queued_usec, 6);
		assert_int_equal(found.result.total_usec, 7);
		assert_true(found.result.done[0] && found.result.done[1]);
		assert_int_equal(found.outputs[STEP_RUN][0].len, 3);
		assert_memory_equal(found.outputs[STEP_RUN][0].data, "a\0b", 3);
		assert_int_equal(found.outputs[STEP_RUN][1].len, 0);
		store_end_fini(&found);
		/* … and again after closing. */
		store_close(store);
		store = open_good(0, 0);
	}
	assert_int_equal(store_find(store, "two", &found, NULL), 0);
	store_close(store);
}

static void store_end_of_an_action_is_found_as_one(void **state)
{
	struct store *store = open_good(0, 0);
	struct store_job job = job_of("one");
	struct store_end end = end_of(NULL, 0), found;

	(void)state;
	end.result.is_action = 1;
	end.result.done[STEP_RUN] = 0;
	end.result.last.kind = STEP_COMPILE;
	assert_int_equal(store_accept(store, &job, NULL), 0);
	assert_int_equal(store_end(store, &job, &end, NULL), 0);
	assert_int_equal(store_find(store, "one", &found, NULL), 1);
	assert_true(found.result.is_action);
	assert_int_equal(found.result.last.kind, STEP_COMPILE);
	assert_true(found.result.done[STEP_COMPILE] && !found.result.done[STEP_RUN]);
	store_end_fini(&found);
	store_close(store);
}

static void store_end_long_output_is_cut_and_marked(void **state)
{
	static char out[STORE_OUTPUT_MAX + 1];
	struct store *store = open_good(0, 0);
	struct store_job job = job_of("one");
	struct store_end end = end_of(out, sizeof(out)), found;

	(void)state;
	assert_int_equal(store_end(store, &job, &end, NULL), 0);
	assert_int_equal(store_find(store, "one", &found, NULL), 1);
	assert_int_equal(found.outputs[STEP_RUN][0].len, STORE_OUTPUT_MAX);
	assert_int_equal(found.result.steps[STEP_RUN].truncated_stdout, 1);
	assert_int_equal(found.result.steps[STEP_COMPILE].truncated_stdout, 0);
	store_end_fini(&found);
	store_close(store);
}

/* A process that is killed with a job on record. */
static void accept_and_die(const char *id)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *store;
		int set_aside;
		unsigned recovered;
		struct store_job job = job_of(id);
		if (store_open(folder, &store, &set_aside, &recovered, NULL) < 0 ||
		    store_accept(store, &job, NULL) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
		_exit(1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void store_open_after_a_crash_ends_what_was_open(void **state)
{
	struct store_end found;

	(void)state;
	accept_and_die("lost");
	struct store *store = open_good(0, 1);
	assert_int_equal(store_find(store, "lost", &found, NULL), 1);
	assert_int_equal(found.result.last.outcome, OUTCOME_INTERNAL_ERROR);
	assert_non_null(strstr(found.result.last.detail, "run it again"));
	assert_false(found.result.done[0] || found.result.done[1]);
	store_end_fini(&found);
	store_close(store);
	store_close(open_good(0, 0));
}

static void store_forget_leaves_no_record(void **state)
{
	struct store *store = open_good(0, 0);
	struct store_job job = job_of("one");

	(void)state;
	assert_int_equal(store_accept(store, &job, NULL), 0);
	assert_int_equal(store_forget(store, "one", NULL), 0);
	store_close(store);
	store_close(open_good(0, 0));
}

static void store_accept_same_id_twice_is_refused(void **state)
{
	struct store *store = open_good(0, 0);
	struct store_job job = job_of("one");
	struct error err = {0};

	(void)state;
	assert_int_equal(store_accept(store, &job, NULL), 0);
	assert_int_equal(store_accept(store, &job, &err), -EIO);
	store_close(store);
}

static void store_prune_keeps_the_newest(void **state)
{
	char id[16], out[100] = "";
	struct store *store = open_good(0, 0);
	struct store_end found;
	uint64_t now = clock_real_usec();

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "%u", i);
		struct store_job job = job_of(id);
		struct store_end end = end_of(out, sizeof(out));
		job.accepted_usec = now + i;
		assert_int_equal(store_end(store, &job, &end, NULL), 0);
	}
	/* Output of the newest three only, then the newest five jobs only. */
	assert_int_equal(store_prune(store, now, 1000, 300, NULL), 0);
	assert_int_equal(store_find(store, "6", &found, NULL), 1);
	assert_int_equal(found.outputs[STEP_RUN][0].len, 0);
	store_end_fini(&found);
	assert_int_equal(store_find(store, "7", &found, NULL), 1);
	assert_int_equal(found.outputs[STEP_RUN][0].len, 100);
	store_end_fini(&found);
	assert_int_equal(store_prune(store, now, 5, 1000, NULL), 0);
	assert_int_equal(store_find(store, "4", &found, NULL), 0);
	assert_int_equal(store_find(store, "5", &found, NULL), 1);
	store_end_fini(&found);
	/* A week later none is left. */
	assert_int_equal(store_prune(store, now + STORE_AGE_MAX_USEC + 100, 5, 1000, NULL), 0);
	assert_int_equal(store_find(store, "9", &found, NULL), 0);
	store_close(store);
}

static void file_write(const char *suffix, const char *bytes, size_t len)
{
	char path[128];
	path_of(path, sizeof(path), suffix);
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, len), 0);
}

static void store_open_garbage_is_set_aside(void **state)
{
	char path[128];

	(void)state;
	for (int i = 0; i < 2; i++) {
		static char garbage[8192];
		memset(garbage, 'x', sizeof(garbage));
		file_write("", garbage, sizeof(garbage));
		store_close(open_good(1, 0));
	}
	path_of(path, sizeof(path), ".damaged");
	assert_int_equal(access(path, F_OK), 0);
	store_close(open_good(0, 0));
}

static void store_open_overwritten_pages_are_set_aside(void **state)
{
	char path[128];
	static char zeros[4096 * 40];

	(void)state;
	struct store *store = open_good(0, 0);
	for (int i = 0; i < 200; i++) {
		char id[16];
		snprintf(id, sizeof(id), "%d", i);
		struct store_job job = job_of(id);
		assert_int_equal(store_accept(store, &job, NULL), 0);
	}
	store_close(store);
	path_of(path, sizeof(path), "");
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, zeros, sizeof(zeros), 4096), sizeof(zeros));
	store_close(open_good(1, 0));
}

static void store_open_later_version_is_set_aside(void **state)
{
	char path[128];
	sqlite3 *db;

	(void)state;
	store_close(open_good(0, 0));
	path_of(path, sizeof(path), "");
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	store_close(open_good(2, 0));
	path_of(path, sizeof(path), ".later");
	assert_int_equal(access(path, F_OK), 0);
}

static void store_open_twice_is_refused(void **state)
{
	struct store *store = open_good(0, 0), *other;
	struct error err = {0};
	int set_aside;
	unsigned recovered;

	(void)state;
	assert_int_equal(store_open(folder, &other, &set_aside, &recovered, &err), -EBUSY);
	assert_non_null(strstr(err.text, "another server"));
	store_close(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(store_end_is_found_with_everything),
		TEST(store_end_of_an_action_is_found_as_one),
		TEST(store_end_long_output_is_cut_and_marked),
		TEST(store_open_after_a_crash_ends_what_was_open),
		TEST(store_forget_leaves_no_record),
		TEST(store_accept_same_id_twice_is_refused),
		TEST(store_prune_keeps_the_newest),
		TEST(store_open_garbage_is_set_aside),
		TEST(store_open_overwritten_pages_are_set_aside),
		TEST(store_open_later_version_is_set_aside),
		TEST(store_open_twice_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
