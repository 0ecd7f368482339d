#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
