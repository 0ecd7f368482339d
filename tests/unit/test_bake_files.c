/* What touches files and processes: trees, the cache, children. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/cache.h"
#include "bake/child.h"
#include "bake/path.h"
#include "bake/tree.h"

static int setup(void **state)
{
	struct path *folder = calloc(1, sizeof(*folder));

	assert_int_equal(path_format(folder, NULL, "/tmp/sandlot-unit-XXXXXX"), 0);
	assert_non_null(mkdtemp(folder->text));
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	tree_remove(((struct path *)*state)->text, NULL);
	free(*state);
	return 0;
}

static struct path below(void **state, const char *name)
{
	struct path path;

	assert_int_equal(path_format(&path, NULL, "%s/%s", ((struct path *)*state)->text, name), 0);
	return path;
}

static void make_file(void **state, const char *name)
{
	struct path path = below(state, name), folder = path;

	*strrchr(folder.text, '/') = '\0';
	assert_int_equal(path_make_folders(folder.text, NULL), 0);
	assert_int_equal(path_write_file(path.text, 0640, name, strlen(name), NULL), 0);
}

static void tree_link_makes_the_same_tree(void **state)
{
	struct path from = below(state, "from"), to = below(state, "to"),
		    file = below(state, "to/a/b"), link = below(state, "from/a/link"),
		    copy = below(state, "to/a/link");
	struct stat st;
	uint64_t files = 0;
	char target[16] = "";

	make_file(state, "from/a/b");
	make_file(state, "to/a/other");
	assert_int_equal(symlink("b", link.text), 0);
	assert_int_equal(tree_link(from.text, to.text, &files, NULL), 0);
	assert_int_equal(files, 2);
	assert_int_equal(stat(file.text, &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(readlink(copy.text, target, sizeof(target) - 1), 1);
	assert_string_equal(target, "b");
	assert_int_equal(tree_link(from.text, to.text, NULL, NULL), -EEXIST);
}

static void tree_link_a_link_is_no_folder(void **state)
{
	struct path from = below(state, "from"), to = below(state, "to"),
		    link = below(state, "to/a"), kept = below(state, "kept"),
		    made = below(state, "kept/b");

	make_file(state, "from/a/b");
	make_file(state, "to/c");
	make_file(state, "kept/c");
	assert_int_equal(symlink(kept.text, link.text), 0);
	assert_int_equal(tree_link(from.text, to.text, NULL, NULL), -EEXIST);
	assert_false(path_exists(made.text));
}

static void tree_remove_links_are_not_followed(void **state)
{
	struct path top = below(state, "top"), link = below(state, "top/link"),
		    kept = below(state, "kept/file"), folder = below(state, "kept");

	make_file(state, "top/a/b/c");
	make_file(state, "kept/file");
	assert_int_equal(symlink(folder.text, link.text), 0);
	assert_int_equal(tree_remove(top.text, NULL), 0);
	assert_false(path_exists(top.text));
	assert_true(path_exists(kept.text));
	assert_int_equal(tree_remove(top.text, NULL), 0);
}

static void tree_normalise_modes_and_times_are_set(void **state)
{
	struct path top = below(state, "top"), file = below(state, "top/a/f"),
		    folder = below(state, "top/a");
	struct stat st;

	make_file(state, "top/a/f");
	assert_int_equal(chmod(file.text, 04751), 0);
	assert_int_equal(chmod(folder.text, 01777), 0);
	if (geteuid() != 0)
		skip();
	assert_int_equal(tree_normalise(top.text, 1000, NULL), 0);
	assert_int_equal(stat(file.text, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_mtime, 1000);
	assert_int_equal(stat(folder.text, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_mtime, 1000);
}

static void tree_walk_pipe_is_refused(void **state)
{
	struct path top = below(state, "top"), to = below(state, "to"),
		    pipe = below(state, "top/p");

	make_file(state, "top/f");
	assert_int_equal(mkfifo(pipe.text, 0644), 0);
	assert_int_equal(tree_link(top.text, to.text, NULL, NULL), -EINVAL);
}

static void cache_commit_replaces_whole_and_sweeps(void **state)
{
	struct path folder = below(state, "cache"), final = below(state, "cache/layers/x"),
		    stale = below(state, "cache/tmp/stale/file"), made, file;
	struct cache cache;
	struct progress progress;

	progress_init(&progress, 1, 0);
	make_file(state, "cache/tmp/stale/file");
	make_file(state, "cache/layers/x/old");
	assert_int_equal(cache_open(&cache, folder.text, &progress, NULL), 0);
	assert_false(path_exists(stale.text));
	assert_int_equal(cache_begin(&cache, &made, NULL), 0);
	assert_int_equal(path_format(&file, NULL, "%s/new", made.text), 0);
	assert_int_equal(path_write_file(file.text, 0644, "x", 1, NULL), 0);
	assert_int_equal(cache_commit(&cache, made.text, final.text, NULL), 0);
	file = below(state, "cache/layers/x/new");
	assert_true(path_exists(file.text));
	file = below(state, "cache/layers/x/old");
	assert_false(path_exists(file.text));
	cache_close(&cache);
}

static void count_line(void *owner, const char *line)
{
	*(int *)owner += line != NULL;
}

static void child_run_output_and_status_come_back(void **state)
{
	static const char *const argv[] = {"sh", "-c", "echo out; printf 'e1\\re2' >&2; exit 3",
					   NULL};
	struct child_result result;
	int lines = 0;
	struct child_spec spec = {.argv = argv,
				  .keep_fd = -EBADF,
				  .capture_stdout = 1,
				  .wall_usec = 20000000,
				  .line = count_line,
				  .owner = &lines};

	(void)state;
	assert_int_equal(child_run(&spec, &result, NULL), 0);
	assert_int_equal(result.exit_code, 3);
	assert_string_equal(result.stdout_data, "out\n");
	assert_string_equal(result.tail, "e1\ne2\n");
	assert_int_equal(lines, 2);
	child_result_fini(&result);
	spec.capture_stdout = 0;
	assert_int_equal(child_run(&spec, &result, NULL), 0);
	assert_null(result.stdout_data);
	assert_non_null(strstr(result.tail, "out\n"));
}

static void child_run_missing_program_is_told(void **state)
{
	static const char *const argv[] = {"/nonexistent/program", NULL};
	const struct child_spec spec = {.argv = argv, .keep_fd = -EBADF, .wall_usec = 20000000};
	struct child_result result;

	(void)state;
	assert_int_equal(child_run(&spec, &result, NULL), -ENOENT);
}

static void child_run_late_tool_and_its_children_are_ended(void **state)
{
	static const char *const argv[] = {"sh", "-c", "sleep 1000 & wait", NULL};
	const struct child_spec spec = {.argv = argv, .keep_fd = -EBADF, .wall_usec = 200000};
	struct child_result result;

	(void)state;
	assert_int_equal(child_run(&spec, &result, NULL), -ETIMEDOUT);
	assert_int_equal(result.exit_code, 128 + SIGTERM);
}

static void child_run_long_output_keeps_its_end(void **state)
{
	static const char *const argv[] = {
		"sh", "-c", "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i + 1)); done",
		NULL};
	const struct child_spec spec = {.argv = argv, .keep_fd = -EBADF, .wall_usec = 20000000};
	struct child_result result;

	(void)state;
	assert_int_equal(child_run(&spec, &result, NULL), 0);
	assert_non_null(strstr(result.tail, "line 1999\n"));
	assert_null(strstr(result.tail, "line 1\n"));
	assert_memory_equal(result.tail, "line ", 5);
}

static void child_run_interruption_ends_the_tool(void **state)
{
	static const char *const argv[] = {"sleep", "1000", NULL};
	const struct child_spec spec = {.argv = argv, .keep_fd = -EBADF, .wall_usec = 60000000};
	struct child_result result;
	sigset_t set;
	int signal_number;

	(void)state;
	child_block_signals();
	assert_int_equal(child_interrupted(NULL), 0);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(child_interrupted(NULL), -EINTR);
	assert_int_equal(child_run(&spec, &result, NULL), -EINTR);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	assert_int_equal(sigwait(&set, &signal_number), 0);
	assert_int_equal(child_interrupted(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tree_link_makes_the_same_tree, setup, teardown),
		cmocka_unit_test_setup_teardown(tree_link_a_link_is_no_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(tree_remove_links_are_not_followed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(tree_normalise_modes_and_times_are_set, setup,
						teardown),
		cmocka_unit_test_setup_teardown(tree_walk_pipe_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(cache_commit_replaces_whole_and_sweeps, setup,
						teardown),
		cmocka_unit_test(child_run_output_and_status_come_back),
		cmocka_unit_test(child_run_missing_program_is_told),
		cmocka_unit_test(child_run_late_tool_and_its_children_are_ended),
		cmocka_unit_test(child_run_long_output_keeps_its_end),
		cmocka_unit_test(child_run_interruption_ends_the_tool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
