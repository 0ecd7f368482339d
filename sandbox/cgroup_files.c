#include "sandbox/cgroup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

int cgroup_write(int folder_fd, const char *path, const char *text)
{
	_cleanup_fd_ int fd = openat(folder_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

uint64_t cgroup_read(int folder_fd, const char *path, const char *key)
{
	char text[2048];

	_cleanup_fd_ int fd = openat(folder_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (!key)
		return strtoull(text, NULL, 10);
	char *rest = text;
	size_t len = strlen(key);
	for (char *line; (line = strsep(&rest, "\n"));)
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return strtoull(line + len, NULL, 10);
	return 0;
}
