/* What confined work can reach. Each attempt succeeds when it is made without confinement, so that
 * a denial is the confinement's. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bake/confined.h"
#include "bake/path.h"
#include "bake/tree.h"
#include "base/fd.h"

enum { BYTES_MAX = 4096 };

struct fixture {
	struct path top, folder; /* top holds folder and a file "beside" */
	int folder_fd, other_fd;
	struct confined_spec spec;
	pid_t test;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct path beside;

	assert_int_equal(path_format(&fixture->top, NULL, "/tmp/sandlot-unit-XXXXXX"), 0);
	assert_non_null(mkdtemp(fixture->top.text));
	assert_int_equal(path_format(&fixture->folder, NULL, "%s/folder", fixture->top.text), 0);
	assert_int_equal(mkdir(fixture->folder.text, 0755), 0);
	assert_int_equal(path_format(&beside, NULL, "%s/beside", fixture->top.text), 0);
	assert_int_equal(path_write_file(beside.text, 0666, "x", 1, NULL), 0);
	fixture->folder_fd = open(fixture->folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fixture->other_fd = open(beside.text, O_RDWR | O_CLOEXEC);
	assert_true(fixture->folder_fd >= 0 && fixture->other_fd >= 0);
	fixture->spec = (struct confined_spec){.what = "the test",
					       .folder_fd = fixture->folder_fd,
					       .input_fd = -EBADF,
					       .bytes_max = BYTES_MAX};
	fixture->test = getpid();
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	fd_close(fixture->folder_fd);
	fd_close(fixture->other_fd);
	tree_remove(fixture->top.text, NULL);
	free(fixture);
	return 0;
}

/* ---- attempts: 0, or the negative errno they met ---- */

static int result_of(int r)
{
	return r < 0 ? -errno : 0;
}

static int read_host_file(struct fixture *fixture)
{
	struct path beside;
	char byte;

	path_format(&beside, NULL, "%s/beside", fixture->top.text);
	int fd = open(beside.text, O_RDONLY);
	return fd < 0 ? -errno : result_of((int)read(fd, &byte, 1));
}

static int write_host_file(struct fixture *fixture)
{
	struct path beside;

	path_format(&beside, NULL, "%s/beside", fixture->top.text);
	int fd = open(beside.text, O_WRONLY);
	return fd < 0 ? -errno : result_of((int)write(fd, "y", 1));
}

static int use_open_file(struct fixture *fixture)
{
	char byte;
	return result_of((int)pread(fixture->other_fd, &byte, 1, 0));
}

static int go_up(struct fixture *fixture)
{
	int fd = openat(fixture->folder_fd, "../beside", O_WRONLY);
	return fd < 0 ? -errno : 0;
}

static int read_back(struct fixture *fixture)
{
	int fd = openat(fixture->folder_fd, "own", O_WRONLY | O_CREAT, 0666);

	if (fd < 0 || close(fd) < 0)
		return -EBADF;
	fd = openat(fixture->folder_fd, "own", O_RDONLY);
	return fd < 0 ? -errno : 0;
}

static int open_socket(struct fixture *fixture)
{
	(void)fixture;
	return result_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int open_local_socket(struct fixture *fixture)
{
	(void)fixture;
	return result_of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int start_process(struct fixture *fixture)
{
	(void)fixture;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return result_of(pid);
}

static int signal_test(struct fixture *fixture)
{
	return result_of(kill(fixture->test, 0));
}

static int map_code(struct fixture *fixture)
{
	(void)fixture;
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? -errno : 0;
}

static int make_link(struct fixture *fixture)
{
	return result_of(symlinkat("/etc/passwd", fixture->folder_fd, "link"));
}

static int change_mode(struct fixture *fixture)
{
	return result_of(fchmod(fixture->folder_fd, 0755));
}

static int run_program(struct fixture *fixture)
{
	(void)fixture;
	/* Without confinement there is no program of that name. */
	execl("/nonexistent", "nonexistent", NULL);
	return errno == ENOENT ? 0 : -errno;
}

struct attempt {
	struct fixture *fixture;
	int (*make)(struct fixture *fixture);
};

static int attempt_work(void *owner, void *result, struct error *err)
{
	const struct attempt *attempt = owner;

	(void)err;
	*(int *)result = attempt->make(attempt->fixture);
	return 0;
}

static int confined(struct fixture *fixture, int (*make)(struct fixture *fixture))
{
	struct attempt attempt = {.fixture = fixture, .make = make};
	struct error err = {.code = 0};
	int result = 1;

	if (confined_run(&fixture->spec, attempt_work, &attempt, &result, sizeof(result), &err) < 0)
		fail_msg("%s", err.text);
	return result;
}

#define DENIED(make, ...)                                                                          \
	do {                                                                                       \
		const int _expected[] = {__VA_ARGS__};                                             \
		int _found = 0, _result;                                                           \
		assert_int_equal(make(*state), 0);                                                 \
		_result = confined(*state, make);                                                  \
		for (size_t _i = 0; _i < sizeof(_expected) / sizeof(_expected[0]); _i++)           \
			_found |= _result == -_expected[_i];                                       \
		if (!_found)                                                                       \
			fail_msg(#make ": %d", _result);                                           \
	} while (0)

static void confined_run_other_files_are_out_of_reach(void **state)
{
	/* ENOENT: the chroot's; EACCES: Landlock's, and all there is without root. */
	DENIED(read_host_file, ENOENT, EACCES);
	DENIED(write_host_file, ENOENT, EACCES);
	DENIED(go_up, ENOENT, EACCES);
	DENIED(use_open_file, EBADF);
}

static void confined_run_network_and_processes_are_out_of_reach(void **state)
{
	DENIED(open_socket, EPERM);
	DENIED(open_local_socket, EPERM);
	DENIED(start_process, EPERM);
	DENIED(run_program, EPERM);
	DENIED(signal_test, EPERM);
	DENIED(map_code, EPERM);
	DENIED(change_mode, EPERM);
}

static void confined_run_links_are_made_when_they_may(void **state)
{
	struct fixture *fixture = *state;
	struct path link;

	assert_int_equal(confined(fixture, make_link), -EPERM);
	fixture->spec.may_link = 1;
	assert_int_equal(confined(fixture, make_link), 0);
	path_format(&link, NULL, "%s/link", fixture->folder.text);
	assert_true(path_exists(link.text));
}

static int make_file(struct fixture *fixture)
{
	int fd = openat(fixture->folder_fd, "made", O_WRONLY | O_CREAT | O_EXCL, 0666);
	return fd < 0 ? -errno : result_of((int)write(fd, "z", 1));
}

static void confined_run_as_root_files_belong_to_the_id(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;

	assert_int_equal(confined(fixture, make_file), 0);
	assert_int_equal(fstatat(fixture->folder_fd, "made", &st, 0), 0);
	assert_int_equal(st.st_size, 1);
	assert_int_equal(st.st_uid, geteuid() == 0 ? CONFINED_ID : geteuid());
}

static void confined_run_where_landlock_is_files_are_written_only(void **state)
{
	struct fixture *fixture = *state;

	/* The documented way to ask for it; a kernel without gives ENOSYS or EOPNOTSUPP. */
	if (syscall(444 /* landlock_create_ruleset */, NULL, 0, 1) < 0)
		skip();
	assert_int_equal(read_back(fixture), 0);
	assert_int_equal(unlinkat(fixture->folder_fd, "own", 0), 0);
	assert_int_equal(confined(fixture, read_back), -EACCES);
}

static int too_large(struct fixture *fixture)
{
	static const char data[BYTES_MAX + 1];
	int fd = openat(fixture->folder_fd, "large", O_WRONLY | O_CREAT | O_EXCL, 0666);

	return fd < 0 ? -errno : result_of(fd_write_all(fd, data, sizeof(data)));
}

static int end_badly(struct fixture *fixture)
{
	(void)fixture;
	abort();
}

static int end_silently(struct fixture *fixture)
{
	(void)fixture;
	_exit(0);
}

static void confined_run_a_child_that_dies_is_a_failure(void **state)
{
	static int (*const deaths[])(struct fixture * fixture) = {too_large, end_badly,
								  end_silently};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
		struct attempt attempt = {.fixture = fixture, .make = deaths[i]};
		struct error err = {.code = 0};
		int result = 77;
		assert_int_equal(confined_run(&fixture->spec, attempt_work, &attempt, &result,
					      sizeof(result), &err),
				 -EIO);
		assert_non_null(strstr(err.text, "the test"));
		assert_int_equal(result, 77);
	}
}

static int fail_work(void *owner, void *result, struct error *err)
{
	(void)owner;
	(void)result;
	return error_set_plain(err, -EBADMSG, "fail", "a\x1b[2Jb\nc");
}

static void confined_run_failures_come_back_without_control_characters(void **state)
{
	struct fixture *fixture = *state;
	struct error err = {.code = 0};
	int result;

	assert_int_equal(
		confined_run(&fixture->spec, fail_work, NULL, &result, sizeof(result), &err),
		-EBADMSG);
	assert_string_equal(err.step, "fail");
	assert_string_equal(err.text, "a?[2Jb?c");
}

/* ---- reading ---- */

static int read_own(struct fixture *fixture)
{
	char byte = 0;
	int fd = open("own", O_RDONLY); /* the folder is the working folder */

	(void)fixture;
	return fd < 0 ? -errno : read(fd, &byte, 1) == 1 && byte == 'x' ? 0 : -EBADMSG;
}

static int list_own(struct fixture *fixture)
{
	struct dirent **names = NULL;
	int count = scandir(".", &names, NULL, NULL);

	(void)fixture;
	return count == 3 ? 0 : count < 0 ? -errno : -EBADMSG; /* ".", ".." and "own" */
}

static int write_own(struct fixture *fixture)
{
	int fd = openat(fixture->folder_fd, "own", O_WRONLY);
	return fd < 0 ? -errno : 0;
}

/* A folder that can be read, with a file that anybody may read and write. */
static void reads(struct fixture *fixture)
{
	struct path own;

	fixture->spec.access = CONFINED_READS;
	path_format(&own, NULL, "%s/own", fixture->folder.text);
	assert_int_equal(path_write_file(own.text, 0666, "x", 1, NULL), 0);
	assert_int_equal(chmod(own.text, 0666), 0);
	assert_int_equal(chmod(fixture->folder.text, 0777), 0);
	assert_int_equal(chmod(fixture->top.text, 0755), 0);
}

static void confined_run_what_is_read_stays_as_it_is(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;

	reads(fixture);
	assert_int_equal(confined(fixture, read_own), 0);
	assert_int_equal(confined(fixture, list_own), 0);
	assert_int_equal(fstat(fixture->folder_fd, &st), 0);
	assert_int_equal(st.st_uid, geteuid());
	if (syscall(444 /* landlock_create_ruleset */, NULL, 0, 1) < 0)
		skip();
	DENIED(write_own, EACCES);
	assert_int_equal(confined(fixture, make_file), -EACCES);
}

static void confined_run_who_reads_reaches_no_more(void **state)
{
	reads(*state);
	DENIED(read_host_file, ENOENT, EACCES);
	DENIED(go_up, ENOENT, EACCES);
	DENIED(use_open_file, EBADF);
	DENIED(open_socket, EPERM);
	DENIED(start_process, EPERM);
	DENIED(signal_test, EPERM);
}

/* ---- bytes ---- */

static int bytes_work(void *owner, void *result, struct error *err)
{
	struct confined_bytes *bytes = owner;

	(void)err;
	*(int *)result = 5;
	bytes->len = BYTES_MAX;
	bytes->data = calloc(1, BYTES_MAX);
	memcpy(bytes->data + BYTES_MAX - 4, "end", 4);
	return bytes->data ? 0 : -ENOMEM;
}

static void confined_run_bytes_come_back_up_to_their_bound(void **state)
{
	struct fixture *fixture = *state;
	struct confined_bytes bytes = {.max = BYTES_MAX};
	struct error err = {.code = 0};
	int result = 0;

	fixture->spec.bytes = &bytes;
	assert_int_equal(
		confined_run(&fixture->spec, bytes_work, &bytes, &result, sizeof(result), &err), 0);
	assert_int_equal(result, 5);
	assert_int_equal(bytes.len, BYTES_MAX);
	assert_string_equal(bytes.data + BYTES_MAX - 4, "end");
	free(bytes.data);

	bytes = (struct confined_bytes){.max = BYTES_MAX - 1};
	assert_int_equal(
		confined_run(&fixture->spec, bytes_work, &bytes, &result, sizeof(result), &err),
		-EIO);
	assert_null(bytes.data);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(confined_run_other_files_are_out_of_reach),
		TEST(confined_run_network_and_processes_are_out_of_reach),
		TEST(confined_run_links_are_made_when_they_may),
		TEST(confined_run_as_root_files_belong_to_the_id),
		TEST(confined_run_where_landlock_is_files_are_written_only),
		TEST(confined_run_a_child_that_dies_is_a_failure),
		TEST(confined_run_failures_come_back_without_control_characters),
		TEST(confined_run_what_is_read_stays_as_it_is),
		TEST(confined_run_who_reads_reaches_no_more),
		TEST(confined_run_bytes_come_back_up_to_their_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
