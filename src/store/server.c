#include "store/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "bake/link.h"
#include "base/fd.h"

/*
 * Who holds the first lock at or behind *start, which is moved behind it: a pid, 0 for nobody, or a
 * negative errno; -ESRCH when the process cannot be seen from here.
 */
static pid_t next_holder(int fd, off_t *start)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = *start};

	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -errno;
	if (lock.l_type == F_UNLCK)
		return 0;
	*start = lock.l_start + 1;
	return lock.l_pid > 0 ? lock.l_pid : -ESRCH;
}

/* Returns 1 when the server was told, 0 when it is gone, or a negative errno. */
static int tell(int fd, pid_t pid, off_t start, struct error *err)
{
	/* It may end, and its number go to another, at any time: the lock is looked at again while
	 * the process is held. */
	_cleanup_fd_ int pidfd = pidfd_open(pid, 0);

	if (pidfd < 0 || next_holder(fd, &start) != pid)
		return 0;
	if (pidfd_send_signal(pidfd, SIGHUP, NULL, 0) == 0)
		return 1;
	return errno == ESRCH ? 0
			      : error_set(err, -errno, "server",
					  "cannot tell the server (pid %d) of the change", pid);
}

static int tell_all(int fd, const char *link, pid_t *ret_pid, struct error *err)
{
	off_t next = 0;
	int told = 0;

	for (;;) {
		off_t start = next;
		pid_t pid = next_holder(fd, &next);
		if (pid == 0)
			return told;
		if (pid == -ESRCH)
			return error_set_plain(err, pid, "server",
					       "a server of %s runs in a container: send it SIGHUP "
					       "there",
					       link);
		if (pid < 0)
			return error_set(err, pid, "server", "cannot look at the lock of %s", link);
		int r = tell(fd, pid, start, err);
		if (r < 0)
			return r;
		told += r;
		if (r > 0)
			*ret_pid = pid;
	}
}

/* The file with the servers' locks. Returns an fd, or a negative errno: -ENOENT for none. */
static int lock_open(const char *link, struct error *err)
{
	struct path at, lock;

	int r = link_path(link, &at, err);
	if (r >= 0)
		r = path_format(&lock, err, "%s" SERVER_LOCK_SUFFIX, at.text);
	if (r < 0)
		return r;
	int fd = open(lock.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd >= 0 ? fd : error_set(err, -errno, "server", "cannot open %s", lock.text);
}

int server_tell(const char *link, pid_t *ret_pid, struct error *err)
{
	_cleanup_fd_ int fd = lock_open(link, err);

	if (fd == -ENOENT)
		return 0;
	return fd < 0 ? fd : tell_all(fd, link, ret_pid, err);
}

/*
 * Who started the process, by proc_pid_status(5): its effective user, whom /proc/PID belongs to, is
 * another while a server launches a cell. Returns 1, or 0 when that cannot be told.
 */
static int process_user(pid_t pid, uid_t *ret_user)
{
	struct path path;
	char line[128];
	int found = 0;

	FILE *file = path_format(&path, NULL, "/proc/%d/status", pid) < 0 ? NULL
									  : fopen(path.text, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "Uid: %u", ret_user) == 1;
	if (file)
		fclose(file);
	return found;
}

int server_of_another(const char *link, pid_t *ret_pid, uid_t *ret_user)
{
	_cleanup_fd_ int fd = lock_open(link, NULL);
	off_t next = 0;
	uid_t user;
	pid_t pid;

	while (fd >= 0 && ((pid = next_holder(fd, &next)) > 0 || pid == -ESRCH)) {
		if (pid == -ESRCH || !process_user(pid, &user) || user == geteuid())
			continue;
		*ret_pid = pid;
		*ret_user = user;
		return 1;
	}
	return 0;
}
