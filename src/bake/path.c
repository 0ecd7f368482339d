#include "bake/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

int path_format(struct path *ret_path, struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(ret_path->text, sizeof(ret_path->text), format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(ret_path->text))
		return 0;
	ret_path->text[0] = '\0';
	return error_set_plain(err, -ENAMETOOLONG, "path", "a path is longer than %d bytes",
			       PATH_MAX);
}

int path_make_folders(const char *path, struct error *err)
{
	struct path copy;
	int r = path_format(&copy, err, "%s", path);
	if (r < 0)
		return r;

	for (char *at = copy.text + 1;; at++) {
		if (*at != '/' && *at != '\0')
			continue;
		char kept = *at;
		*at = '\0';
		if (mkdir(copy.text, 0755) < 0 && errno != EEXIST)
			return error_set(err, -errno, "folder", "cannot make the folder %s",
					 copy.text);
		*at = kept;
		if (kept == '\0')
			return 0;
	}
}

int path_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

int path_is_below(const char *path)
{
	size_t part = 0;

	for (const char *at = path;; at++) {
		unsigned char c = (unsigned char)*at;
		if (c == '/' || c == '\0') {
			const char *start = at - part;
			if (part == 0 || (part == 1 && start[0] == '.') ||
			    (part == 2 && start[0] == '.' && start[1] == '.'))
				return 0;
			if (c == '\0')
				return 1;
			part = 0;
			continue;
		}
		if (c < 0x20 || c == 0x7f || c == '\\')
			return 0;
		part++;
	}
}

int path_target_is_inside(const char *path, const char *target)
{
	int depth = 0;

	if (*target == '/' || *target == '\0')
		return 0;
	for (const char *at = path; *at; at++)
		depth += *at == '/';
	for (const char *at = target; *at;) {
		size_t len = strcspn(at, "/");
		if (len == 2 && at[0] == '.' && at[1] == '.')
			depth--;
		else if (len > 0 && !(len == 1 && at[0] == '.'))
			depth++;
		if (depth < 0)
			return 0;
		at += len + (at[len] == '/');
	}
	return 1;
}

int path_write_file(const char *path, mode_t mode, const void *data, size_t len, struct error *err)
{
	struct path temporary;
	int r = path_format(&temporary, err, "%s.%d.new", path, (int)getpid());
	if (r < 0)
		return r;

	_cleanup_fd_ int fd =
		open(temporary.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set(err, -errno, "write", "cannot write %s", temporary.text);
	r = fd_write_all(fd, data, len);
	if (r >= 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r >= 0 && rename(temporary.text, path) < 0)
		r = -errno;
	if (r >= 0)
		return 0;
	unlink(temporary.text);
	return error_set(err, r, "write", "cannot write %s", path);
}
