/*
 * What the front end's jail forbids. Each claim runs in a process of its own, once outside (the
 * control: there it must succeed) and inside, in the jail as root's server enters it and in the one
 * of a server without root, where it must fail in the way that is named. links: front
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "front/jail.h"
#include "front/store.h"

enum { USER = 1879000000, STATUS_JAIL = 200 };

/* AddressSanitizer itself maps code and sets the dumpable flag: its filter lets that through. */
#ifdef __SANITIZE_ADDRESS__
enum { CODE_DENIED = 0 };
#else
enum { CODE_DENIED = EPERM };
#endif

static char folder[64], web_folder[64];
static unsigned free_port;

/* An attempt returns 0 when it succeeds, or the errno it failed with. */
typedef int attempt(void);

enum place { OUTSIDE, JAILED, JAILED_WITHOUT_ROOT, PLACES };

static int write_map(const char *path, const char *text)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

/* Becomes what a supervisor without root starts its front end as. */
static int lose_root(void)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %d 1\n", USER);
	if (setgroups(0, NULL) < 0 || setresgid(USER, USER, USER) < 0 ||
	    setresuid(USER, USER, USER) < 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ||
	    unshare(CLONE_NEWUSER) < 0)
		return -1;
	if (write_map("/proc/self/setgroups", "deny") < 0 ||
	    write_map("/proc/self/gid_map", map) < 0 || write_map("/proc/self/uid_map", map) < 0)
		return -1;
	return unshare(CLONE_NEWNS);
}

static int status_of(attempt *try, enum place place)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct error err = {0};
		struct jail_config config = {
			.user_id = USER,
			.listen_port = free_port,
			.own_user_namespace = place == JAILED_WITHOUT_ROOT,
		};
		if (place == JAILED_WITHOUT_ROOT && lose_root() < 0)
			_exit(STATUS_JAIL + 1);
		config.data_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
		config.web_fd = open(web_folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (place != OUTSIDE && jail_enter(&config, &err) < 0) {
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
	for (enum place place = JAILED; place < PLACES; place++) {
		int inside = status_of(try, place);
		if (!WIFEXITED(inside) || WEXITSTATUS(inside) != code)
			fail_msg("status %#x in jail %d, not exit with %d", inside, (int)place,
				 code);
	}
}

static void check_killed(attempt *try)
{
	int outside = status_of(try, OUTSIDE);

	if (!WIFEXITED(outside) || WEXITSTATUS(outside) != 0)
		fail_msg("the control fails: status %#x", outside);
	for (enum place place = JAILED; place < PLACES; place++) {
		int inside = status_of(try, place);
		if (!WIFSIGNALED(inside) || WTERMSIG(inside) != SIGSYS)
			fail_msg("status %#x in jail %d, not killed by SIGSYS", inside, (int)place);
	}
}

static int result(long r)
{
	return r < 0 ? errno : 0;
}

/* ---- attempts ---- */

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

static int try_raw_fork(void)
{
	long pid = syscall(SYS_fork);
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int try_clone_namespace(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int try_unshare(void)
{
	return result(unshare(CLONE_NEWUTS));
}

static int try_ptrace(void)
{
	return result(syscall(SYS_ptrace, 0 /* PTRACE_TRACEME */, 0, 0, 0));
}

static int try_read_passwd(void)
{
	return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int try_write_root(void)
{
	int fd = open("/sandlot-test-jail", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int r = result(fd);
	if (r == 0)
		unlink("/sandlot-test-jail");
	return r;
}

static const char *data_path(const char *name)
{
	static char path[128];
	struct stat st;
	snprintf(path, sizeof(path), "%s/%s", stat(folder, &st) == 0 ? folder : JAIL_DATA, name);
	return path;
}

static int try_write_data(void)
{
	int fd = open(data_path("file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int r = result(fd);
	if (r == 0 && write(fd, "x", 1) != 1)
		r = errno;
	if (r == 0)
		r = result(unlink(data_path("file")));
	return r;
}

static const char *web_path(const char *name)
{
	static char path[128];
	struct stat st;
	snprintf(path, sizeof(path), "%s/%s", stat(web_folder, &st) == 0 ? web_folder : JAIL_WEB,
		 name);
	return path;
}

static int try_write_web(void)
{
	int fd = open(web_path("file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int r = result(fd);
	if (r == 0)
		unlink(web_path("file"));
	return r;
}

static int try_read_web(void)
{
	char byte;
	int fd = open(web_path("page"), O_RDONLY | O_CLOEXEC);
	return fd < 0 || read(fd, &byte, 1) != 1 ? errno : 0;
}

static int try_follow_web(void)
{
	return result(open(web_path("link"), O_RDONLY | O_CLOEXEC));
}

static int try_symlink_data(void)
{
	int r = result(symlink("/", data_path("link")));
	unlink(data_path("link"));
	return r;
}

static int try_socket(int family, int type)
{
	return result(socket(family, type, 0));
}

static int try_unix_socket(void)
{
	return try_socket(AF_UNIX, SOCK_STREAM);
}

static int try_udp_socket(void)
{
	return try_socket(AF_INET, SOCK_DGRAM);
}

static int try_netlink_socket(void)
{
	return try_socket(AF_NETLINK, SOCK_RAW);
}

/* The kernel takes an int: what lies above it must not fool the filter. */
static int try_unix_socket_high_bits(void)
{
	return result(syscall(SYS_socket, UINT64_C(1) << 32 | AF_UNIX, SOCK_STREAM, 0));
}

static int try_tcp_socket(void)
{
	return try_socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int try_bind(unsigned port)
{
	struct sockaddr_in address = loopback(port);
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return result(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int try_bind_own(void)
{
	return try_bind(free_port);
}

static int try_bind_other(void)
{
	return try_bind(free_port == 47001 ? 47002 : 47001);
}

static int listener_fd = -EBADF;
static unsigned listener_port;

static int try_connect(void)
{
	struct sockaddr_in address = loopback(listener_port);
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return result(connect(fd, (struct sockaddr *)&address, sizeof(address)));
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

static int try_kill_parent(void)
{
	return result(kill(getppid(), 0));
}

static int try_allow_tracing(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int try_bpf(void)
{
	/* An unknown command: a kernel that gets it says EINVAL or EPERM. */
	long r = syscall(SYS_bpf, 9999, 0, 0);
	return r < 0 && errno != EINVAL && errno != EPERM ? errno : 0;
}

static int try_clone3_falls_back(void)
{
	long r = syscall(SYS_clone3, NULL, 0);
	return r < 0 && errno == EINVAL ? 0 : errno;
}

static void *thread_main(void *context)
{
	return context;
}

static int try_threads_and_sqlite(void)
{
	const char *base = strncmp(data_path(""), folder, strlen(folder)) ? JAIL_DATA : folder;
	struct store *store;
	struct store_job job = {"id", "client", "language", 1};
	pthread_t thread;
	int set_aside;
	unsigned recovered;

	if (pthread_create(&thread, NULL, thread_main, NULL) || pthread_join(thread, NULL))
		return 1;
	if (store_open(base, &store, &set_aside, &recovered, NULL) < 0)
		return 2;
	if (store_accept(store, &job, NULL) < 0 || store_forget(store, "id", NULL) < 0)
		return 3;
	store_close(store);
	return 0;
}

static int try_look_at_ourselves(void)
{
	gid_t groups[1];
	return getuid() == USER && getgid() == USER && getgroups(0, groups) <= 0 ? 0 : 1;
}

/* ---- tests ---- */

static void jail_programs_cannot_be_started(void **state)
{
	(void)state;
	check_killed(try_exec);
	check(try_fork, EPERM);
	check_killed(try_raw_fork);
	check(try_clone_namespace, EPERM);
	check_killed(try_unshare);
	check_killed(try_ptrace);
	check_killed(try_bpf);
	check(try_clone3_falls_back, ENOSYS);
}

static void jail_files_outside_the_data_folder_are_not_there(void **state)
{
	(void)state;
	check(try_read_passwd, ENOENT);
	check(try_write_root, EROFS);
	check(try_write_data, 0);
	check(try_symlink_data, EPERM);
}

static void jail_sockets_are_tcp_and_of_one_port(void **state)
{
	(void)state;
	check(try_tcp_socket, 0);
	check(try_unix_socket, EPERM);
	check(try_unix_socket_high_bits, EPERM);
	check(try_udp_socket, EPERM);
	check(try_netlink_socket, EPERM);
	check(try_bind_own, 0);
	check(try_bind_other, EACCES);
	check(try_connect, EPERM);
}

static void jail_memory_is_never_made_code(void **state)
{
	(void)state;
	check(try_map_code, CODE_DENIED);
	check(try_protect_code, CODE_DENIED);
}

static void jail_processes_outside_are_out_of_reach(void **state)
{
	(void)state;
	check(try_kill_parent, EPERM);
}

static void jail_user_is_another_for_good(void **state)
{
	(void)state;
	assert_int_equal(status_of(try_look_at_ourselves, JAILED), 0);
	assert_int_equal(status_of(try_look_at_ourselves, JAILED_WITHOUT_ROOT), 0);
	check(try_allow_tracing, CODE_DENIED);
}

static void jail_threads_and_records_work(void **state)
{
	(void)state;
	assert_int_equal(status_of(try_threads_and_sqlite, JAILED), 0);
	assert_int_equal(status_of(try_threads_and_sqlite, JAILED_WITHOUT_ROOT), 0);
}

static void jail_operators_page_can_be_read_and_nothing_more(void **state)
{
	(void)state;
	check(try_read_web, 0);
	check(try_write_web, EROFS);
	check(try_follow_web, ENOENT);
}

static void jail_enter_without_an_operators_page_has_no_such_folder(void **state)
{
	struct jail_config config = {.user_id = USER, .web_fd = -EBADF};
	struct error err = {0};
	struct stat st;
	int status;

	(void)state;
	config.data_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = fork();
	if (pid == 0)
		_exit(jail_enter(&config, &err) == 0 && stat(JAIL_WEB, &st) < 0 && errno == ENOENT
			      ? 0
			      : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fd_close(config.data_fd);
}

static void jail_enter_foreign_data_folder_is_refused(void **state)
{
	struct error err = {0};
	struct jail_config config = {.user_id = USER + 1, .web_fd = -EBADF};
	struct stat before, after;

	(void)state;
	config.data_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fstat(config.data_fd, &before), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(jail_enter(&config, &err) == -EPERM && !strcmp(err.step, "data_owner") ? 0
											     : 1);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(fstat(config.data_fd, &after), 0);
	assert_int_equal(before.st_uid, after.st_uid);
	fd_close(config.data_fd);
}

static int port_of(int fd, unsigned *ret_port)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -1;
	*ret_port = ntohs(address.sin_port);
	return 0;
}

static int make_web_folder(void)
{
	char path[128];

	snprintf(web_folder, sizeof(web_folder), "/tmp/test_jail.XXXXXX");
	if (!mkdtemp(web_folder) || chmod(web_folder, 0755) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/link", web_folder);
	if (symlink("/etc/passwd", path) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/page", web_folder);
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return fd >= 0 && write(fd, "x", 1) == 1 ? fchmod(fd, 0644) : -1;
}

/* Without root there is no jail to enter, and one test that says so. */
static void jail_tests_need_root(void **state)
{
	(void)state;
	skip();
}

static int setup(void **state)
{
	struct sockaddr_in address = loopback(0);

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_jail.XXXXXX");
	if (!mkdtemp(folder) || chown(folder, USER, USER) < 0)
		return -1;
	if (make_web_folder() < 0)
		return -1;
	/* A port that was free a moment ago, and one that is listened on. */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || port_of(fd, &free_port))
		return -1;
	fd_close(fd);
	listener_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener_fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener_fd, 64) < 0)
		return -1;
	return port_of(listener_fd, &listener_port);
}

static int teardown(void **state)
{
	(void)state;
	listener_fd = fd_close(listener_fd);
	unlink(web_path("page"));
	unlink(web_path("link"));
	rmdir(web_folder);
	unlink(data_path("sandlot.db"));
	unlink(data_path("sandlot.db-wal"));
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jail_programs_cannot_be_started),
		cmocka_unit_test(jail_files_outside_the_data_folder_are_not_there),
		cmocka_unit_test(jail_sockets_are_tcp_and_of_one_port),
		cmocka_unit_test(jail_memory_is_never_made_code),
		cmocka_unit_test(jail_processes_outside_are_out_of_reach),
		cmocka_unit_test(jail_user_is_another_for_good),
		cmocka_unit_test(jail_threads_and_records_work),
		cmocka_unit_test(jail_operators_page_can_be_read_and_nothing_more),
		cmocka_unit_test(jail_enter_without_an_operators_page_has_no_such_folder),
		cmocka_unit_test(jail_enter_foreign_data_folder_is_refused),
	};
	const struct CMUnitTest none[] = {cmocka_unit_test(jail_tests_need_root)};
	if (geteuid() != 0)
		return cmocka_run_group_tests(none, NULL, NULL);
	return cmocka_run_group_tests(tests, setup, teardown);
}
