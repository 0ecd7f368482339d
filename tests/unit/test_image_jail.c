/*
 * What the confinement of sandlot-verify forbids. Each claim runs in a process of its own, once
 * outside (the control: there it must succeed) and inside, as root's server starts it and as one
 * without root does, where it must fail in the way that is named.
 */
#include "unit_folder.h"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "image/key_files.h"
#include "image/verify_jail.h"

enum { USER = 1879000001, STATUS_JAIL = 200 };

/* AddressSanitizer itself maps code and sets the dumpable flag: its filter lets that through. */
#ifdef __SANITIZE_ADDRESS__
enum { CODE_DENIED = 0 };
#else
enum { CODE_DENIED = EPERM };
#endif

/* The image's folder, beside a file that is nobody's business. */
static struct unit_folder *folder;
static int image_fd, keys_fd;

/* An attempt returns 0 when it succeeds, or the errno it failed with. */
typedef int attempt(void);

enum place { OUTSIDE, CONFINED, CONFINED_WITHOUT_ROOT, PLACES };

static int write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

/* Becomes what a supervisor without root starts its children as. */
static int lose_root(void)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %d 1\n", USER);
	if (setgroups(0, NULL) < 0 || setresgid(USER, USER, USER) < 0 ||
	    setresuid(USER, USER, USER) < 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ||
	    unshare(CLONE_NEWUSER) < 0)
		return -1;
	if (write_map("/proc/self/setgroups", "deny") < 0 ||
	    write_map("/proc/self/gid_map", map) < 0)
		return -1;
	return write_map("/proc/self/uid_map", map);
}

static int status_of(attempt *try, enum place place)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct error err = {0};
		struct verify_jail jail = {
			.user = USER,
			.own_user_namespace = place == CONFINED_WITHOUT_ROOT,
			.folder_fd = image_fd,
			.content_fd = image_fd,
			.keys_fd = keys_fd,
		};
		if (place == CONFINED_WITHOUT_ROOT && lose_root() < 0)
			_exit(STATUS_JAIL + 1);
		if (place != OUTSIDE && verify_jail_enter(&jail, &err) < 0) {
			fprintf(stderr, "%s: %s\n", err.step, err.text);
			_exit(STATUS_JAIL);
		}
		_exit(try());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void check(attempt *try, int code)
{
	int outside = status_of(try, OUTSIDE);

	if (!WIFEXITED(outside) || WEXITSTATUS(outside) != 0)
		fail_msg("the control fails: status %#x", outside);
	for (enum place place = CONFINED; place < PLACES; place++) {
		int inside = status_of(try, place);
		if (!WIFEXITED(inside) || WEXITSTATUS(inside) != code)
			fail_msg("status %#x in place %d, not exit with %d", inside, (int)place,
				 code);
	}
}

static int result(long r)
{
	return r < 0 ? errno : 0;
}

/* ---- attempts ---- */

static int try_read_below(void)
{
	return result(openat(image_fd, "inside/file", O_RDONLY | O_CLOEXEC));
}

static int try_read_keys(void)
{
	struct key_files files = {.fd = keys_fd};
	struct key_names names;

	return key_files_list(&files, KEY_PUBLIC_SUFFIX, &names, NULL) == 0 && names.count == 1 ? 0
												: 1;
}

/* Everybody may read it: only Landlock is in the way. */
static int try_read_beside(void)
{
	return result(openat(image_fd, "../secret", O_RDONLY | O_CLOEXEC));
}

static int try_read_host(void)
{
	return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

/* Everybody may write there. */
static int try_write_below(void)
{
	int r = result(openat(image_fd, "open/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	unlinkat(image_fd, "open/new", 0);
	return r;
}

static int try_write_file(void)
{
	return result(openat(image_fd, "open/file", O_WRONLY | O_CLOEXEC));
}

static int try_link(void)
{
	int r = result(symlinkat("/", image_fd, "open/link"));
	unlinkat(image_fd, "open/link", 0);
	return r;
}

static int try_socket(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int try_tcp_socket(void)
{
	return result(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int try_exec(void)
{
	char *const argv[] = {(char[]){"true"}, NULL};
	return result(execv("/bin/true", argv));
}

static int try_fork(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int try_kill_parent(void)
{
	return result(kill(getppid(), 0));
}

static int try_unshare(void)
{
	return result(unshare(CLONE_NEWUSER));
}

static int try_map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? errno : 0;
}

static int try_protect_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int try_allow_tracing(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

#ifdef __x86_64__
/* getpid(2) by its x32 number; most kernels have no such call. */
static int try_x32(void)
{
	long r = syscall(0x40000000 + SYS_getpid);
	return r < 0 && errno != ENOSYS ? errno : 0;
}
#endif

/* ---- tests ---- */

static void jail_files_are_read_below_what_was_handed_in_alone(void **state)
{
	(void)state;
	check(try_read_below, 0);
	check(try_read_keys, 0);
	check(try_read_beside, EACCES);
	check(try_read_host, EACCES);
}

static void jail_nothing_is_written(void **state)
{
	(void)state;
	check(try_write_below, EACCES);
	check(try_write_file, EACCES);
	check(try_link, EPERM);
}

static void jail_nobody_is_reached_and_nothing_started(void **state)
{
	(void)state;
	check(try_socket, EPERM);
	check(try_tcp_socket, EPERM);
	check(try_exec, EPERM);
	check(try_fork, EPERM);
	check(try_kill_parent, EPERM);
	check(try_unshare, EPERM);
	check(try_allow_tracing, CODE_DENIED);
}

static void jail_memory_is_never_made_code(void **state)
{
	(void)state;
	check(try_map_code, CODE_DENIED);
	check(try_protect_code, CODE_DENIED);
}

static void jail_other_architectures_kill(void **state)
{
	(void)state;
#ifdef __x86_64__
	assert_int_equal(status_of(try_x32, OUTSIDE), 0);
	for (enum place place = CONFINED; place < PLACES; place++) {
		int status = status_of(try_x32, place);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	}
#else
	skip();
#endif
}

/* Confines itself, tells so, and waits for the end of go. */
static int wait_confined(const int ready[2], const int go[2], enum place place)
{
	struct verify_jail jail = {
		.user = USER,
		.own_user_namespace = place == CONFINED_WITHOUT_ROOT,
		.folder_fd = image_fd,
		.content_fd = image_fd,
		.keys_fd = keys_fd,
	};
	char c;

	close(go[1]);
	if ((place == CONFINED_WITHOUT_ROOT && lose_root() < 0) ||
	    verify_jail_enter(&jail, NULL) < 0 || write(ready[1], "", 1) != 1)
		return 1;
	return read(go[0], &c, 1) == 0 ? 0 : 2;
}

static void expect_line(const char *status, const char *line)
{
	if (!strstr(status, line))
		fail_msg("there is no \"%s\" in\n%s", line, status);
}

/* What the kernel says of a process that is confined. */
static void jail_nothing_of_root_is_left(void **state)
{
	(void)state;
	for (enum place place = CONFINED; place < PLACES; place++) {
		char path[64], text[4096], c;
		int ready[2], go[2], status;
		assert_int_equal(pipe2(ready, O_CLOEXEC) | pipe2(go, O_CLOEXEC), 0);
		pid_t pid = fork();
		if (pid == 0)
			_exit(wait_confined(ready, go, place));
		assert_int_equal(read(ready[0], &c, 1), 1);
		snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = read(fd, text, sizeof(text) - 1);
		assert_true(n > 0);
		text[n] = '\0';
		close(fd);
		close(ready[0]);
		close(ready[1]);
		close(go[0]);
		close(go[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		expect_line(text, "\nUid:\t1879000001\t1879000001\t1879000001\t1879000001\n");
		expect_line(text, "\nGid:\t1879000001\t1879000001\t1879000001\t1879000001\n");
		expect_line(text, "\nGroups:\t \n");
		expect_line(text, "\nCapInh:\t0000000000000000\n");
		expect_line(text, "\nCapPrm:\t0000000000000000\n");
		expect_line(text, "\nCapEff:\t0000000000000000\n");
		expect_line(text, "\nCapBnd:\t0000000000000000\n");
		expect_line(text, "\nCapAmb:\t0000000000000000\n");
		expect_line(text, "\nNoNewPrivs:\t1\n");
		expect_line(text, "\nSeccomp:\t2\n");
	}
}

/* Without root there is no other user to become, and one test that says so. */
static void jail_tests_need_root(void **state)
{
	(void)state;
	skip();
}

static int setup(void **state)
{
	(void)state;
	folder = unit_folder_new();
	unit_folder_text(folder, "secret", "");
	unit_folder_mkdir(folder, "image");
	unit_folder_mkdir(folder, "image/inside");
	unit_folder_text(folder, "image/inside/file", "");
	unit_folder_mkdir(folder, "image/open");
	unit_folder_text(folder, "image/open/file", "");
	unit_folder_mkdir(folder, "keys");
	unit_folder_text(folder, "keys/a.pub", "");
	if (fchmodat(folder->fd, "image/open", 0777, 0) < 0 ||
	    fchmodat(folder->fd, "image/open/file", 0666, 0) < 0)
		return -1;
	image_fd = openat(folder->fd, "image", O_PATH | O_DIRECTORY | O_CLOEXEC);
	keys_fd = openat(folder->fd, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return image_fd < 0 || keys_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	close(image_fd);
	close(keys_fd);
	unit_folder_free(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jail_files_are_read_below_what_was_handed_in_alone),
		cmocka_unit_test(jail_nothing_is_written),
		cmocka_unit_test(jail_nobody_is_reached_and_nothing_started),
		cmocka_unit_test(jail_memory_is_never_made_code),
		cmocka_unit_test(jail_other_architectures_kill),
		cmocka_unit_test(jail_nothing_of_root_is_left),
	};
	const struct CMUnitTest none[] = {cmocka_unit_test(jail_tests_need_root)};
	if (geteuid() != 0)
		return cmocka_run_group_tests(none, NULL, NULL);
	return cmocka_run_group_tests(tests, setup, teardown);
}
