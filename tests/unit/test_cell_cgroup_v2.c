/* Where our folder is put in a v2 hierarchy, on folders that look like one. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cgroup.h"
#include "sandbox/cgroup_v2.h"

enum {
	MEMORY = 1 << CGROUP_MEMORY,
	PIDS = 1 << CGROUP_PIDS,
	CPU = 1 << CGROUP_CPU,
	CPUACCT = 1 << CGROUP_CPUACCT,
};

/* top/slice/unit; each with the files that tell a cgroup's state. */
static const char *const levels[] = {"top", "top/slice", "top/slice/unit"};
static const char *const files[] = {"cgroup.procs", "cgroup.subtree_control", "cgroup.controllers",
				    "cgroup.type"};
static char base[64];

static void path_of(char ret_path[160], unsigned level, const char *file)
{
	snprintf(ret_path, 160, "%s/%s/%s", base, levels[level], file);
}

static void put(unsigned level, const char *file, const char *text)
{
	char path[160];

	path_of(path, level, file);
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Files of a real cgroup take one word at a time; here each is written over the one before. */
#define ALL_WRITTEN "+cpusry"

static int has(unsigned level, const char *file, const char *text)
{
	char path[160];
	_cleanup_free_ char *content = NULL;

	path_of(path, level, file);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fd_read_all(fd, 4096, &content, NULL), 0);
	return strcmp(content, text) == 0;
}

/* Which level is chosen from the unit; -1: none. */
static int chosen(unsigned *ret_controllers)
{
	char path[160];
	struct stat found, there;

	path_of(path, 2, ".");
	_cleanup_fd_ int fd =
		cgroup_v2_open(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret_controllers);
	if (fd < 0) {
		assert_int_equal(fd, -ENOENT);
		return -1;
	}
	assert_int_equal(fstat(fd, &found), 0);
	for (unsigned level = 0; level < 3; level++) {
		path_of(path, level, ".");
		assert_int_equal(stat(path, &there), 0);
		if (there.st_ino == found.st_ino)
			return (int)level;
	}
	fail_msg("a folder of elsewhere");
	return -1;
}

static int reset(void **state)
{
	(void)state;
	for (unsigned level = 0; level < 3; level++)
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
			put(level, files[i], "");
	return 0;
}

static void cgroup_controllers_in_finds_whole_words(void **state)
{
	(void)state;
	assert_int_equal(cgroup_controllers_in(""), 0);
	assert_int_equal(cgroup_controllers_in("cpuset cpu io memory hugetlb pids\n"),
			 MEMORY | PIDS | CPU);
	assert_int_equal(cgroup_controllers_in("cpu,cpuacct"), CPU | CPUACCT);
	assert_int_equal(cgroup_controllers_in("rw,memory2,pid,xpids"), 0);
}

static void cgroup_v2_open_takes_the_nearest_with_memory_and_pids(void **state)
{
	unsigned controllers;

	(void)state;
	put(0, "cgroup.subtree_control", "cpu memory pids\n");
	assert_int_equal(chosen(&controllers), 0);
	assert_int_equal(controllers, MEMORY | PIDS | CPU | CPUACCT);
	put(1, "cgroup.subtree_control", "memory\n");
	assert_int_equal(chosen(&controllers), 0);
	put(1, "cgroup.subtree_control", "memory pids\n");
	assert_int_equal(chosen(&controllers), 1);
	assert_int_equal(controllers, MEMORY | PIDS | CPUACCT);
	put(2, "cgroup.subtree_control", "memory pids\n");
	assert_int_equal(chosen(&controllers), 2);
}

static void cgroup_v2_open_changes_nothing_that_is_another_s(void **state)
{
	unsigned controllers;

	(void)state;
	for (unsigned level = 0; level < 3; level++)
		put(level, "cgroup.controllers", "cpu memory pids\n");
	put(0, "cgroup.subtree_control", "memory pids\n");
	put(2, "cgroup.procs", "1\n2\n");
	assert_int_equal(chosen(&controllers), 0);
	for (unsigned level = 1; level < 3; level++)
		assert_true(has(level, "cgroup.subtree_control", ""));
	assert_true(has(2, "cgroup.procs", "1\n2\n"));
}

static void cgroup_v2_open_without_controllers_touches_nothing(void **state)
{
	unsigned controllers;

	(void)state;
	assert_int_equal(chosen(&controllers), -1);
	for (unsigned level = 0; level < 3; level++)
		assert_true(has(level, "cgroup.subtree_control", ""));
}

static void cgroup_v2_open_the_top_of_what_is_seen_is_divided(void **state)
{
	unsigned controllers;

	(void)state;
	put(0, "cgroup.controllers", "memory pids cpu\n");
	chosen(&controllers);
	assert_true(has(0, "cgroup.subtree_control", ALL_WRITTEN));
	assert_true(has(1, "cgroup.subtree_control", ""));
}

static void cgroup_v2_open_a_unit_with_a_limit_and_us_alone_is_divided(void **state)
{
	unsigned controllers;
	char text[32], path[160];

	(void)state;
	snprintf(text, sizeof(text), "%d\n", getpid());
	put(0, "cgroup.subtree_control", "memory pids\n");
	put(2, "cgroup.controllers", "memory pids\n");
	put(2, "cgroup.procs", text);
	put(2, "memory.max", "max\n");
	assert_int_equal(chosen(&controllers), 0);
	assert_true(has(2, "cgroup.subtree_control", ""));
	put(2, "memory.max", "1048576\n");
	chosen(&controllers);
	assert_true(has(2, "cgroup.subtree_control", ALL_WRITTEN));
	path_of(path, 2, "memory.max");
	unlink(path);
	path_of(path, 2, "sandlot-home");
	rmdir(path);
}

static int setup(void **state)
{
	char path[160];

	(void)state;
	snprintf(base, sizeof(base), "/tmp/test_cgroup_v2.XXXXXX");
	if (!mkdtemp(base))
		return -1;
	for (unsigned level = 0; level < 3; level++) {
		path_of(path, level, "");
		if (mkdir(path, 0755) < 0)
			return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	char path[160];

	(void)state;
	for (int level = 2; level >= 0; level--) {
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			path_of(path, (unsigned)level, files[i]);
			unlink(path);
		}
		path_of(path, (unsigned)level, "sandlot-home");
		rmdir(path);
		path_of(path, (unsigned)level, "");
		rmdir(path);
	}
	return rmdir(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cgroup_controllers_in_finds_whole_words),
		cmocka_unit_test_setup(cgroup_v2_open_takes_the_nearest_with_memory_and_pids,
				       reset),
		cmocka_unit_test_setup(cgroup_v2_open_changes_nothing_that_is_another_s, reset),
		cmocka_unit_test_setup(cgroup_v2_open_without_controllers_touches_nothing, reset),
		cmocka_unit_test_setup(cgroup_v2_open_the_top_of_what_is_seen_is_divided, reset),
		cmocka_unit_test_setup(cgroup_v2_open_a_unit_with_a_limit_and_us_alone_is_divided,
				       reset),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
