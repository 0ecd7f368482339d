/* The ids of cells: what /etc/subuid says, and claims that keep two launchers apart. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/user.h"

static char folder[64];

/* ---- /etc/subuid ---- */

static void subid_find_takes_the_longest_range_by_name_or_number(void **state)
{
	static const char text[] = "other:1000:99999\nme:2000:10\n1234:9000:70\nme:100000:65536\n";
	struct subid_range range = {0};

	(void)state;
	assert_int_equal(subid_find(text, "me", 1234, &range), 1);
	assert_int_equal(range.first, 100000);
	assert_int_equal(range.count, 65536);
	assert_int_equal(subid_find(text, NULL, 1234, &range), 1);
	assert_int_equal(range.first, 9000);
	assert_int_equal(subid_find(text, "nobody", 65534, &range), 0);
	assert_int_equal(subid_find("", "me", 1, &range), 0);
}

static void subid_find_wrong_lines_are_passed_over(void **state)
{
	static const char *const wrong[] = {
		"me",
		"me:",
		"me:1",
		"me:1:",
		"me:a:5",
		"me:1:5:7",
		"me:-1:5",
		"me:1:0",
		"me:4294967295:1",
		"me:4294967296:1",
		"me:1:4294967295",
		"me: 1:5",
		"#me:1:5",
	};
	struct subid_range range = {7, 7};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (subid_find(wrong[i], "me", 9, &range))
			fail_msg("\"%s\" was taken", wrong[i]);
	assert_int_equal(range.first, 7);
	assert_int_equal(subid_find("me:1:5:7\nme:3:4", "me", 9, &range), 1);
	assert_int_equal(range.first, 3);
}

static void subid_overlaps_names_others_only(void **state)
{
	static const char text[] = "me:100000:65536\nother:165536:65536\n";
	char name[16];

	(void)state;
	assert_int_equal(subid_overlaps(text, (struct subid_range){100000, 65536}, "me", 1, name,
					sizeof(name)),
			 0);
	assert_int_equal(subid_overlaps(text, (struct subid_range){100000, 65537}, "me", 1, name,
					sizeof(name)),
			 1);
	assert_string_equal(name, "other");
	assert_int_equal(
		subid_overlaps(text, (struct subid_range){231071, 5}, NULL, 0, name, sizeof(name)),
		1);
	assert_int_equal(
		subid_overlaps(text, (struct subid_range){231072, 5}, NULL, 0, name, sizeof(name)),
		0);
}

static void subid_user_name_finds_by_number(void **state)
{
	static const char text[] = "root:x:0:0::/:/bin/sh\nme:x:1234:5:::\nbad:x:\n";
	char name[16] = "";

	(void)state;
	assert_int_equal(subid_user_name(text, 1234, name, sizeof(name)), 1);
	assert_string_equal(name, "me");
	assert_int_equal(subid_user_name(text, 5, name, sizeof(name)), 0);
}

static void subid_user_home_needs_its_field(void **state)
{
	static const char text[] = "root:x:0:0::/:/bin/sh\ncut:x:7:7:Cut\nme:x:8:8:Me:/home/me";
	char home[16] = "";

	(void)state;
	assert_int_equal(subid_user_home(text, 8, home, sizeof(home)), 1);
	assert_string_equal(home, "/home/me");
	assert_int_equal(subid_user_home(text, 7, home, sizeof(home)), 0);
	assert_int_equal(subid_user_home(text, 9, home, sizeof(home)), 0);
}

/* ---- claims ---- */

struct claimed {
	unsigned first, count;
	int fd;
};

static struct claimed claim(unsigned total, unsigned wanted)
{
	struct claimed claimed = {.fd = -EBADF};
	struct error err = {0};

	if (user_claim_slots(folder, total, wanted, &claimed.first, &claimed.count, &claimed.fd,
			     &err) < 0)
		fail_msg("%s", err.text);
	assert_true(claimed.first + claimed.count <= total);
	return claimed;
}

static void user_claim_slots_two_never_share(void **state)
{
	struct claimed claims[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		claims[i] = claim(80, 10);
		assert_int_equal(claims[i].count, 10);
		for (size_t j = 0; j < i; j++)
			assert_true(claims[i].first >= claims[j].first + 10 ||
				    claims[j].first >= claims[i].first + 10);
	}
	for (size_t i = 0; i < 8; i++)
		fd_close(claims[i].fd);
}

static void user_claim_slots_of_any_length_never_share(void **state)
{
	struct claimed large = claim(100, 60), small[40];
	unsigned others = 0;

	(void)state;
	for (; others < 40; others++) {
		small[others] = claim(100, 1);
		assert_true(small[others].first < large.first ||
			    small[others].first >= large.first + 60);
	}
	while (others > 0)
		fd_close(small[--others].fd);
	fd_close(large.fd);
}

static void user_claim_slots_when_all_are_taken_is_busy(void **state)
{
	struct claimed all = claim(4, 9), again;
	struct error err = {0};

	(void)state;
	assert_int_equal(all.count, 4);
	assert_int_equal(
		user_claim_slots(folder, 4, 1, &again.first, &again.count, &again.fd, &err),
		-EBUSY);
	assert_non_null(strstr(err.text, folder));
	fd_close(all.fd);
	again = claim(4, 4);
	fd_close(again.fd);
}

static void user_claim_slots_ends_with_its_process(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		claim(4, 4);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	fd_close(claim(4, 4).fd);
}

static void user_claim_slots_folder_others_write_to_is_refused(void **state)
{
	struct claimed claimed;
	struct error err = {0};

	(void)state;
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(
		user_claim_slots(folder, 4, 1, &claimed.first, &claimed.count, &claimed.fd, &err),
		-EPERM);
	assert_int_equal(chmod(folder, 0700), 0);
}

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_cell_user.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char path[96];

	(void)state;
	snprintf(path, sizeof(path), "%s/uids", folder);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subid_find_takes_the_longest_range_by_name_or_number),
		cmocka_unit_test(subid_find_wrong_lines_are_passed_over),
		cmocka_unit_test(subid_overlaps_names_others_only),
		cmocka_unit_test(subid_user_name_finds_by_number),
		cmocka_unit_test(subid_user_home_needs_its_field),
		cmocka_unit_test(user_claim_slots_two_never_share),
		cmocka_unit_test(user_claim_slots_of_any_length_never_share),
		cmocka_unit_test(user_claim_slots_when_all_are_taken_is_busy),
		cmocka_unit_test(user_claim_slots_ends_with_its_process),
		cmocka_unit_test(user_claim_slots_folder_others_write_to_is_refused),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
