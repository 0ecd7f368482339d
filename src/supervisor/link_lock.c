#include "supervisor/link_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

int link_lock_open(const char *path, struct error *err)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = getpid(), .l_len = 1};
	char name[PATH_MAX + 8];
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISLNK(st.st_mode))
		return -EBADF;
	snprintf(name, sizeof(name), "%s.lock", path);
	_cleanup_fd_ int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0)
		return error_set(err, -errno, "link", "cannot lock %.150s", name);
	return TAKE_FD(fd);
}
