/* links: cell. On an ordinary folder: making, locking and removing are the same there. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cgroup_stale.h"

enum { ROUNDS = 3000 };

struct scratch {
	char path[32];
	int fd;
};

static int scratch_make(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	memcpy(scratch->path, "/tmp/sandlot-stale-XXXXXX", sizeof("/tmp/sandlot-stale-XXXXXX"));
	scratch->fd = mkdtemp(scratch->path) ? open(scratch->path, O_RDONLY | O_DIRECTORY) : -1;
	*state = scratch;
	return scratch->fd < 0;
}

static int scratch_remove(void **state)
{
	struct scratch *scratch = *state;

	close(scratch->fd);
	int r = rmdir(scratch->path);
	free(scratch);
	return r;
}

static void cgroup_remove_stale_takes_the_unlocked_alone(void **state)
{
	struct scratch *scratch = *state;

	int fd = cgroup_make_locked(scratch->fd, "sandlot-1");
	assert_true(fd >= 0);
	assert_int_equal(mkdirat(scratch->fd, "sandlot-2", 0755), 0);
	assert_int_equal(mkdirat(scratch->fd, "sandlot-2/cell-0", 0755), 0);
	assert_int_equal(mkdirat(scratch->fd, "sandlot-x.service", 0755), 0);
	assert_int_equal(cgroup_count_stale(scratch->fd), 1);
	assert_int_equal(cgroup_remove_stale(scratch->fd), 0);
	assert_int_equal(unlinkat(scratch->fd, "sandlot-x.service", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(scratch->fd, "sandlot-1", AT_REMOVEDIR), 0);
	close(fd);
}

static void cgroup_make_locked_of_anothers_is_refused(void **state)
{
	struct scratch *scratch = *state;

	int fd = cgroup_make_locked(scratch->fd, "sandlot-1");
	assert_true(fd >= 0);
	assert_int_equal(cgroup_make_locked(scratch->fd, "sandlot-1"), -EEXIST);
	assert_int_equal(unlinkat(scratch->fd, "sandlot-1", AT_REMOVEDIR), 0);
	close(fd);
}

/* Others that start at the same moment look at the new folder, lock it and may remove it. */
static void cgroup_make_locked_while_others_clean_up_succeeds(void **state)
{
	struct scratch *scratch = *state;
	int failures = 0;

	pid_t other = fork();
	assert_true(other >= 0);
	if (other == 0)
		for (;;)
			cgroup_remove_stale(scratch->fd);
	for (int i = 0; i < ROUNDS; i++) {
		int fd = cgroup_make_locked(scratch->fd, "sandlot-1");
		failures += fd < 0;
		if (fd >= 0)
			unlinkat(scratch->fd, "sandlot-1", AT_REMOVEDIR);
		fd_close(fd);
	}
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	unlinkat(scratch->fd, "sandlot-1", AT_REMOVEDIR);
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cgroup_remove_stale_takes_the_unlocked_alone,
						scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(cgroup_make_locked_of_anothers_is_refused,
						scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(cgroup_make_locked_while_others_clean_up_succeeds,
						scratch_make, scratch_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
