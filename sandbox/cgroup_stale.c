#include "sandbox/cgroup_stale.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cgroup_files.h"

enum { MAKE_TRIES = 100, DEPTH_MAX = 4, REMOVE_TRIES = 20, REMOVE_WAIT_NSEC = 5000000 };

static void pause_briefly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = REMOVE_WAIT_NSEC}, NULL);
}

/* Names of ours are "sandlot-NUMBER"; a service manager's "sandlot-x.service" is not for us to
 * touch. */
static int is_ours(const char *name)
{
	static const char prefix[] = "sandlot-";
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) == 0 && name[len] &&
	       !name[len + strspn(name + len, "0123456789")];
}

int cgroup_make_locked(int parent_fd, const char *name)
{
	/*
	 * Between making and locking another may take it for stale: he holds the lock while he
	 * looks at it, and may remove it. Then again.
	 */
	for (int i = 0; i < MAKE_TRIES; i++) {
		struct stat ours, there;
		if (mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		_cleanup_fd_ int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno != EWOULDBLOCK)
				return -errno;
			pause_briefly();
			continue;
		}
		if (fstat(fd, &ours) == 0 && fstatat(parent_fd, name, &there, 0) == 0 &&
		    ours.st_ino == there.st_ino)
			return TAKE_FD(fd);
	}
	return -EEXIST;
}

/* Removes a folder's subfolders, deepest first. */
static void remove_children(int folder_fd, unsigned depth)
{
	int copy = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = copy < 0 ? NULL : fdopendir(copy);

	if (!folder) {
		fd_close(copy);
		return;
	}
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (depth < DEPTH_MAX && unlinkat(folder_fd, entry->d_name, AT_REMOVEDIR) < 0) {
			_cleanup_fd_ int fd = openat(folder_fd, entry->d_name,
						     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (fd >= 0)
				remove_children(fd, depth + 1);
			unlinkat(folder_fd, entry->d_name, AT_REMOVEDIR);
		}
	}
	closedir(folder);
}

/* Returns 1 when the folder is stale and, with remove, is still there afterwards. */
static unsigned take_stale(int parent_fd, const char *name, int remove)
{
	_cleanup_fd_ int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (!remove)
		return 1;
	/* v2: whoever is left in it has nobody who waits for him. It takes him a moment to go. */
	int killed = cgroup_write(fd, "cgroup.kill", "1") == 0;
	for (int i = 0; i < REMOVE_TRIES; i++) {
		remove_children(fd, 0);
		if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY || !killed)
			break;
		pause_briefly();
	}
	return 1;
}

static unsigned each_stale(int parent_fd, int remove)
{
	int copy = openat(parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned count = 0;
	DIR *folder = copy < 0 ? NULL : fdopendir(copy);

	if (!folder) {
		fd_close(copy);
		return 0;
	}
	for (struct dirent *entry; (entry = readdir(folder));)
		if (entry->d_type == DT_DIR && is_ours(entry->d_name))
			count += take_stale(parent_fd, entry->d_name, remove);
	closedir(folder);
	return count;
}

unsigned cgroup_count_stale(int parent_fd)
{
	return each_stale(parent_fd, 0);
}

unsigned cgroup_remove_stale(int parent_fd)
{
	return each_stale(parent_fd, 1);
}
