#include "bake/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bake/child.h"
#include "base/clock.h"
#include "base/fd.h"

/*
 * The child reports once, at its end: a head of fixed size, then the result, then the bytes the
 * head has counted. The parent takes exactly that many and nothing less.
 */

enum { WALL_SEC = 1200, TICK_MSEC = 100, ERRNO_MAX = 4095 };

struct report {
	int code;
	struct error err;
	size_t bytes; /* that follow the result */
};

/* Keeps 2 alone of the three standard streams where a sanitizer may have to say something. */
static void close_streams(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd < 0)
		return;
	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
#ifndef __SANITIZE_ADDRESS__
	dup2(null_fd, STDERR_FILENO);
#endif
	if (null_fd > STDERR_FILENO)
		fd_close(null_fd);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* An fd into the rest of the file system would be a way out of the chroot. */
static int close_others(const struct confined_spec *spec, int report_fd)
{
	int kept[] = {spec->folder_fd, spec->input_fd, report_fd, STDERR_FILENO};
	unsigned from = 0;

	qsort(kept, sizeof(kept) / sizeof(kept[0]), sizeof(kept[0]), by_number);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (kept[i] <= STDERR_FILENO)
			from = STDERR_FILENO + 1;
		else if ((unsigned)kept[i] > from &&
			 close_range(from, (unsigned)kept[i] - 1, 0) < 0)
			return -errno;
		if (kept[i] > STDERR_FILENO)
			from = (unsigned)kept[i] + 1;
	}
	return close_range(from, UINT_MAX, 0) < 0 ? -errno : 0;
}

static _Noreturn void child(const struct confined_spec *spec, confined_work *work, void *owner,
			    size_t result_size, int report_fd)
{
	struct report report = {.code = 0};
	void *result = calloc(1, result_size);

	close_streams();
	int r = result ? close_others(spec, report_fd) : -ENOMEM;
	if (r < 0)
		error_set(&report.err, r, "confine", "cannot prepare");
	if (r >= 0)
		r = confined_enter(spec, &report.err);
	if (r >= 0)
		r = work(owner, result, &report.err);
	report.code = r < 0 ? r : 0;
	report.bytes = r >= 0 && spec->bytes ? spec->bytes->len : 0;
	r = fd_write_all(report_fd, &report, sizeof(report));
	if (r >= 0 && report.code == 0)
		r = fd_write_all(report_fd, result, result_size);
	if (r >= 0 && report.bytes > 0)
		r = fd_write_all(report_fd, spec->bytes->data, report.bytes);
	_exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int died(const struct confined_spec *spec, int status, struct error *err)
{
	if (WIFSIGNALED(status))
		return error_set_plain(err, -EIO, "confine", "%s: reading it ended with signal %d",
				       spec->what, WTERMSIG(status));
	return error_set_plain(err, -EIO, "confine", "%s: reading it ended without a result",
			       spec->what);
}

/* What the child says goes to a terminal: control characters are not let through. */
static void clean_text(char *text, size_t size)
{
	text[size - 1] = '\0';
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
}

/* Reads until size bytes are there or the child has closed its end. Returns their number or -errno.
 */
static ssize_t read_report(const struct confined_spec *spec, int fd, char *data, size_t size,
			   struct error *err)
{
	uint64_t deadline = clock_monotonic_usec() + WALL_SEC * USEC_PER_SEC;
	size_t used = 0;

	while (used < size) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int r = child_interrupted(err);
		if (r < 0)
			return r;
		if (clock_monotonic_usec() > deadline)
			return -ETIMEDOUT;
		if (spec->tick)
			spec->tick(spec->tick_owner);
		if (poll(&ready, 1, TICK_MSEC) <= 0)
			continue;
		ssize_t n = read(fd, data + used, size - used);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		used += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)used;
}

/* The bytes behind the result. Returns 1, 0 when they are not what was said, or a negative errno.
 */
static int take_bytes(const struct confined_spec *spec, int fd, size_t count, struct error *err)
{
	if (!spec->bytes || count > spec->bytes->max)
		return 0;
	_cleanup_free_ char *data = malloc(count + 1);
	if (!data)
		return -ENOMEM;
	ssize_t n = read_report(spec, fd, data, count, err);
	if (n < 0 || (size_t)n < count)
		return n < 0 ? (int)n : 0;
	data[count] = '\0';
	spec->bytes->data = TAKE_PTR(data);
	spec->bytes->len = count;
	return 1;
}

/* All the child says. Returns 1, 0 when it ended before that, or a negative errno. */
static int take_report(const struct confined_spec *spec, int fd, char *data, size_t result_size,
		       struct error *err)
{
	struct report report;

	ssize_t n = read_report(spec, fd, data, sizeof(report) + result_size, err);
	if (n < 0)
		return (int)n;
	if ((size_t)n < sizeof(report))
		return 0;
	memcpy(&report, data, sizeof(report));
	if (report.code != 0)
		return 1;
	if ((size_t)n < sizeof(report) + result_size)
		return 0;
	return report.bytes > 0 ? take_bytes(spec, fd, report.bytes, err) : 1;
}

/* Follows the child to its end. data: room for a report and the result. */
static int follow(const struct confined_spec *spec, pid_t pid, int fd, char *data,
		  size_t result_size, struct error *err)
{
	struct report report;
	int status;

	int r = take_report(spec, fd, data, result_size, err);
	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (r == -EINTR)
		return r;
	if (r < 0)
		return error_set(err, r, "confine", "%s: reading it was ended", spec->what);
	if (r == 0)
		return died(spec, status, err);
	memcpy(&report, data, sizeof(report));
	clean_text(report.err.step, sizeof(report.err.step));
	clean_text(report.err.text, sizeof(report.err.text));
	if (report.code < 0 && report.code >= -ERRNO_MAX)
		return error_set_plain(err, report.code, report.err.step, "%s", report.err.text);
	return report.code == 0 ? 0 : died(spec, status, err);
}

int confined_run(const struct confined_spec *spec, confined_work *work, void *owner,
		 void *ret_result, size_t result_size, struct error *err)
{
	_cleanup_free_ char *data = malloc(sizeof(struct report) + result_size);
	int ends[2];

	if (!data)
		return error_set(err, -ENOMEM, "confine", "cannot read %s", spec->what);
	if (geteuid() == 0 && spec->access == CONFINED_WRITES &&
	    fchown(spec->folder_fd, CONFINED_ID, CONFINED_ID) < 0)
		return error_set(err, -errno, "confine", "cannot give a folder away");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, -errno, "confine", "cannot read %s", spec->what);
	_cleanup_fd_ int read_fd = ends[0], write_fd = ends[1];

	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		return error_set(err, -errno, "confine", "cannot read %s", spec->what);
	if (pid == 0)
		child(spec, work, owner, result_size, write_fd);
	write_fd = fd_close(write_fd);
	int r = follow(spec, pid, read_fd, data, result_size, err);
	if (r >= 0)
		memcpy(ret_result, data + sizeof(struct report), result_size);
	return r;
}
