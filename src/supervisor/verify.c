#include "supervisor/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

/* In the child of the child. */
static void __attribute__((noreturn))
verify_exec(const struct verify_call *call, int verdict_fd, pid_t parent)
{
	char user[16];
	char *const argv[] = {
		(char[]){"sandlot-verify"},
		call->is_quick ? (char[]){"quick"} : (char[]){"full"},
		call->form == RECORD_TREE ? (char[]){"tree"} : (char[]){"erofs"},
		user,
		call->own_user_namespace ? (char[]){"own"} : (char[]){"host"},
		NULL,
	};
	char *const envp[] = {NULL};
	int fds[] = {
		open("/dev/null", O_RDWR | O_CLOEXEC),
		verdict_fd,
		STDERR_FILENO,
		call->folder_fd,
		call->content_fd,
		call->manifest_fd,
		call->keys_fd,
		call->exe_fd,
	};
	const int exe = sizeof(fds) / sizeof(fds[0]) - 1;

	snprintf(user, sizeof(user), "%u", call->user);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || fds[0] < 0 ||
	    fd_arrange(fds, sizeof(fds) / sizeof(fds[0]), 0, 0) < 0 ||
	    fcntl(exe, F_SETFD, FD_CLOEXEC) < 0)
		_exit(120);
	execveat(exe, "", argv, envp, AT_EMPTY_PATH);
	_exit(121);
}

/* Reads up to size bytes until the end. Returns how many, or a negative errno. */
static ssize_t read_to_end(int fd, uint8_t *data, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, data + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

int verify_run(const struct verify_call *call, struct verdict *ret_verdict, struct error *err)
{
	uint8_t bytes[VERDICT_BYTES + 1];
	int ends[2], status = 0;
	pid_t parent = getpid();

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, -errno, "verify", "cannot make a pipe");
	_cleanup_fd_ int ours = ends[0];
	_cleanup_fd_ int theirs = ends[1];
	pid_t pid = fork();
	if (pid < 0)
		return error_set(err, -errno, "verify", "cannot fork");
	if (pid == 0)
		verify_exec(call, theirs, parent);
	theirs = fd_close(theirs);
	ssize_t len = read_to_end(ours, bytes, sizeof(bytes));
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (len < 0)
		return error_set(err, (int)len, "verify", "cannot read the verdict");
	if (len == 0)
		return error_set_plain(err, -EIO, "verify",
				       "sandlot-verify ended with status 0x%x and no verdict",
				       (unsigned)status);
	return verdict_decode(bytes, (size_t)len, ret_verdict, err);
}
