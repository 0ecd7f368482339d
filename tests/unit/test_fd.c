#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

static int fd_is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void fd_close_keeps_errno_and_returns_empty(void **state)
{
	int fd = dup(0);

	(void)state;
	assert_true(fd_is_open(fd));
	errno = EXDEV;
	assert_int_equal(fd_close(fd), -EBADF);
	assert_int_equal(fd_close(-EBADF), -EBADF);
	assert_int_equal(errno, EXDEV);
	assert_false(fd_is_open(fd));
}

static int fd_take_from_scope(void)
{
	_cleanup_fd_ int kept = memfd_new("kept"), dropped = memfd_new("dropped");
	assert_true(dropped >= 0);
	return TAKE_FD(kept);
}

static void fd_take_survives_the_scope(void **state)
{
	(void)state;
	_cleanup_fd_ int fd = fd_take_from_scope();
	assert_true(fd_is_open(fd));
	int next = dup(0);
	/* "dropped" was closed: its number is free again, or was lower. */
	assert_true(next <= fd + 1);
	close(next);
}

static void take_ptr_empties_the_variable(void **state)
{
	(void)state;
	_cleanup_free_ char *from = strdup("text");
	_cleanup_free_ char *to = TAKE_PTR(from);
	assert_null(from);
	assert_string_equal(to, "text");
}

struct pump {
	int fd;
	size_t total;
};

static void *pump_drain(void *argument)
{
	struct pump *pump = argument;
	char bytes[777];
	ssize_t n;

	while ((n = read(pump->fd, bytes, sizeof(bytes))) > 0)
		pump->total += (size_t)n;
	return NULL;
}

static void fd_write_all_over_a_small_pipe_writes_all(void **state)
{
	enum { LEN = 1 << 20 };
	_cleanup_free_ char *data = calloc(1, LEN);
	struct pump pump = {0};
	pthread_t thread;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pump.fd = ends[0];
	assert_int_equal(pthread_create(&thread, NULL, pump_drain, &pump), 0);
	assert_int_equal(fd_write_all(ends[1], data, LEN), 0);
	close(ends[1]);
	pthread_join(thread, NULL);
	assert_int_equal(pump.total, LEN);
	close(ends[0]);
}

static void fd_write_all_on_a_bad_fd_fails(void **state)
{
	(void)state;
	assert_int_equal(fd_write_all(-EBADF, "x", 1), -EBADF);
	assert_int_equal(fd_write_all(-EBADF, "", 0), 0);
}

static void fd_read_all_returns_everything_terminated(void **state)
{
	enum { LEN = 10000 };
	char data[LEN];
	_cleanup_free_ char *back = NULL;
	size_t len = 0;

	(void)state;
	memset(data, 'd', sizeof(data));
	_cleanup_fd_ int fd = memfd_new("data");
	assert_int_equal(fd_write_all(fd, data, LEN), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(fd, LEN, &back, &len), 0);
	assert_int_equal(len, LEN);
	assert_memory_equal(back, data, LEN);
	assert_int_equal(back[LEN], '\0');
}

static void fd_read_all_of_nothing_is_an_empty_text(void **state)
{
	_cleanup_free_ char *back = NULL;
	size_t len = 1;

	(void)state;
	_cleanup_fd_ int fd = memfd_new("empty");
	assert_int_equal(fd_read_all(fd, 0, &back, &len), 0);
	assert_int_equal(len, 0);
	assert_string_equal(back, "");
}

static void fd_read_all_beyond_max_fails_with_efbig(void **state)
{
	char *back = NULL;

	(void)state;
	_cleanup_fd_ int fd = memfd_new_sealed("data", "12345", 5);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(fd, 4, &back, NULL), -EFBIG);
	assert_null(back);
}

static void memfd_seal_forbids_every_change(void **state)
{
	(void)state;
	_cleanup_fd_ int fd = memfd_new_sealed("sealed", "abc", 3);
	assert_true(fd >= 0);
	assert_int_equal(memfd_is_sealed(fd), 1);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 10), -1);
	assert_ptr_equal(mmap(NULL, 3, PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), -1);
}

static void memfd_is_sealed_tells_others_apart(void **state)
{
	int ends[2];

	(void)state;
	_cleanup_fd_ int fd = memfd_new("open");
	assert_int_equal(memfd_is_sealed(fd), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK), 0);
	assert_int_equal(memfd_is_sealed(fd), 0);
	assert_int_equal(memfd_is_sealed(-EBADF), -EBADF);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(memfd_is_sealed(ends[0]), 0);
	close(ends[0]);
	close(ends[1]);
}

static void fd_set_nonblock_sets_and_clears(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fd_set_nonblock(ends[0], 1), 0);
	assert_true(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	assert_int_equal(fd_set_nonblock(ends[0], 0), 0);
	assert_false(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	assert_int_equal(fd_set_nonblock(-EBADF, 1), -EBADF);
	close(ends[0]);
	close(ends[1]);
}

/* Who is who is told by the memfd's size. */
static off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? -1 : st.st_size;
}

/* In a child, which has fds of its own to lose. Returns 0 when all is as it should be. */
static int arrange_in_child(void)
{
	enum { FIRST = 5 };
	int fds[4], others[8];

	for (int i = 0; i < 4; i++)
		fds[i] = memfd_new_sealed("kept", "xxxx", (size_t)i);
	for (int i = 0; i < 8; i++)
		others[i] = memfd_new("other");
	/* One on the place of another, one beyond, one that is empty. */
	int turned[] = {fcntl(fds[3], F_DUPFD, FIRST), fcntl(fds[2], F_DUPFD, FIRST + 3), -EBADF,
			fcntl(fds[1], F_DUPFD, FIRST + 40)};
	if (fd_arrange(turned, 4, FIRST, 0) != 0)
		return 1;
	if (turned[0] != FIRST || turned[1] != FIRST + 1 || turned[2] != -EBADF ||
	    turned[3] != FIRST + 3)
		return 2;
	if (size_of(FIRST) != 3 || size_of(FIRST + 1) != 2 || size_of(FIRST + 3) != 1)
		return 3;
	if (fcntl(FIRST, F_GETFD) != 0 || fd_is_open(FIRST + 2))
		return 4;
	for (int fd = FIRST + 4; fd < others[7] + 64; fd++)
		if (fd_is_open(fd))
			return 5;
	if (fd_arrange(turned, 4, FIRST, O_CLOEXEC) != 0)
		return 6;
	return fcntl(FIRST, F_GETFD) == FD_CLOEXEC && fd_is_open(0) ? 0 : 7;
}

static void fd_arrange_moves_what_is_kept_and_closes_the_rest(void **state)
{
	int status;

	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(arrange_in_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fd_close_keeps_errno_and_returns_empty),
		cmocka_unit_test(fd_take_survives_the_scope),
		cmocka_unit_test(take_ptr_empties_the_variable),
		cmocka_unit_test(fd_write_all_over_a_small_pipe_writes_all),
		cmocka_unit_test(fd_write_all_on_a_bad_fd_fails),
		cmocka_unit_test(fd_read_all_returns_everything_terminated),
		cmocka_unit_test(fd_read_all_of_nothing_is_an_empty_text),
		cmocka_unit_test(fd_read_all_beyond_max_fails_with_efbig),
		cmocka_unit_test(memfd_seal_forbids_every_change),
		cmocka_unit_test(memfd_is_sealed_tells_others_apart),
		cmocka_unit_test(fd_set_nonblock_sets_and_clears),
		cmocka_unit_test(fd_arrange_moves_what_is_kept_and_closes_the_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
