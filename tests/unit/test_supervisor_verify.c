/*
 * What the supervisor believes of sandlot-verify: this program plays it, in its own image, and does
 * what the "image's folder" says, which here is a memfd.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "supervisor/verify.h"

extern char **environ;

static const uint8_t quick[VERDICT_QUICK_BYTES] = {7, 8, 9};

static struct verdict unsigned_verdict(void)
{
	struct verdict verdict = {.code = VERDICT_UNSIGNED};

	memcpy(verdict.quick, quick, sizeof(quick));
	return verdict;
}

/* ---- as sandlot-verify ---- */

static int fake_fault(int argc, char **argv)
{
	if (argc != 5 || strcmp(argv[1], "full") != 0 || strcmp(argv[2], "erofs") != 0 ||
	    strcmp(argv[3], "4711") != 0 || strcmp(argv[4], "own") != 0)
		return 1;
	if (environ[0])
		return 2;
	for (int fd = 7; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 3;
	for (int fd = 3; fd <= 5; fd++) {
		char number = 0;
		if (pread(fd, &number, 1, 0) != 1 || (fd > 3 && number != '0' + fd))
			return 4;
	}
	return fcntl(6, F_GETFD) < 0 ? 0 : 5;
}

static int fake_main(int argc, char **argv)
{
	uint8_t bytes[2 * VERDICT_BYTES];
	struct verdict verdict = unsigned_verdict();
	char what[32] = "";

	int fault = fake_fault(argc, argv);
	if (fault)
		return fault;
	if (pread(3, what, sizeof(what) - 1, 0) < 0)
		return 6;
	verdict_encode(&verdict, bytes);
	verdict_encode(&verdict, bytes + VERDICT_BYTES);
	if (strcmp(what, "good") == 0)
		return fd_write_all(1, bytes, VERDICT_BYTES) < 0;
	if (strcmp(what, "in two parts") == 0)
		return fd_write_all(1, bytes, 100) < 0 ||
		       fd_write_all(1, bytes + 100, VERDICT_BYTES - 100) < 0;
	if (strcmp(what, "short") == 0)
		return fd_write_all(1, bytes, VERDICT_BYTES - 1) < 0;
	if (strcmp(what, "long") == 0)
		return fd_write_all(1, bytes, sizeof(bytes)) < 0;
	if (strcmp(what, "garbage") == 0) {
		memset(bytes, 'x', sizeof(bytes));
		return fd_write_all(1, bytes, VERDICT_BYTES) < 0;
	}
	if (strcmp(what, "killed") == 0)
		raise(SIGKILL);
	if (strcmp(what, "endless") == 0)
		while (fd_write_all(1, bytes, sizeof(bytes)) == 0)
			;
	return strcmp(what, "silent") == 0 ? 0 : 7;
}

/* ---- as the supervisor ---- */

static int run(const char *what, struct verdict *ret_verdict, struct error *err)
{
	_cleanup_fd_ int exe_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	_cleanup_fd_ int folder_fd = memfd_new_sealed("folder", what, strlen(what) + 1);
	_cleanup_fd_ int content_fd = memfd_new_sealed("content", "4", 1);
	_cleanup_fd_ int manifest_fd = memfd_new_sealed("manifest", "5", 1);
	const struct verify_call call = {
		.exe_fd = exe_fd,
		.user = 4711,
		.own_user_namespace = 1,
		.form = RECORD_EROFS,
		.folder_fd = folder_fd,
		.content_fd = content_fd,
		.manifest_fd = manifest_fd,
		.keys_fd = -EBADF,
	};

	return verify_run(&call, ret_verdict, err);
}

static void verify_run_whole_verdict_is_taken(void **state)
{
	static const char *const good[] = {"good", "in two parts"};
	const struct verdict wanted = unsigned_verdict();

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct verdict verdict;
		struct error err = {0};
		if (run(good[i], &verdict, &err) < 0)
			fail_msg("%s: %s", good[i], err.text);
		assert_int_equal(verdict.code, wanted.code);
		assert_memory_equal(verdict.quick, wanted.quick, sizeof(wanted.quick));
	}
}

static void verify_run_anything_else_is_no_verdict(void **state)
{
	static const char *const bad[] = {"silent",  "short",  "long",
					  "garbage", "killed", "endless"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct verdict verdict = {.code = VERDICT_COUNT};
		struct error err = {0};
		if (run(bad[i], &verdict, &err) >= 0)
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(verdict.code, VERDICT_COUNT);
		assert_true(err.code < 0 && err.text[0]);
	}
}

static void verify_run_leaves_no_child_and_no_fd(void **state)
{
	struct verdict verdict;
	int before = dup(0);

	(void)state;
	close(before);
	assert_true(run("endless", &verdict, NULL) < 0);
	assert_int_equal(run("good", &verdict, NULL), 0);
	int after = dup(0);
	close(after);
	assert_int_equal(after, before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(int argc, char **argv)
{
	if (strcmp(argv[0], "sandlot-verify") == 0)
		return fake_main(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verify_run_whole_verdict_is_taken),
		cmocka_unit_test(verify_run_anything_else_is_no_verdict),
		cmocka_unit_test(verify_run_leaves_no_child_and_no_fd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
