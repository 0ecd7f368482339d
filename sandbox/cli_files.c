#include "sandbox/cli_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

enum { DEPTH_MAX = 64 };

static int failed(struct error *err, int code, const char *path)
{
	return error_set(err, code, "files", "cannot take %.120s", path);
}

/* name: of the file in folder_fd; shown: what to call it in an error. */
static int add_file_at(struct bundle_writer *bundle, int folder_fd, const char *name,
		       const char *path, struct error *err)
{
	struct stat st;

	/* Non-blocking: a FIFO shall be an error, not a wait. */
	_cleanup_fd_ int fd = openat(folder_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(err, -errno, name);
	if (!S_ISREG(st.st_mode))
		return error_set_plain(err, -EINVAL, "files", "%.120s is not a regular file", name);
	enum bundle_type type = st.st_mode & 0111 ? BUNDLE_PROGRAM : BUNDLE_FILE;
	if (st.st_size == 0) {
		bundle_add(bundle, type, path, NULL, 0);
		return 0;
	}
	if (st.st_size > BUNDLE_BYTES_MAX)
		return failed(err, -EFBIG, name);
	void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return failed(err, -errno, name);
	bundle_add(bundle, type, path, data, (size_t)st.st_size);
	munmap(data, (size_t)st.st_size);
	return bundle->failed ? failed(err, bundle->failed, name) : 0;
}

int cli_add_file(struct bundle_writer *bundle, const char *host_path, const char *path,
		 struct error *err)
{
	return add_file_at(bundle, AT_FDCWD, host_path, path, err);
}

static int add_folder(struct bundle_writer *bundle, int take_fd, const char *path, unsigned depth,
		      struct error *err);

static int add_entry(struct bundle_writer *bundle, int folder_fd, const char *name,
		     const char *folder_path, unsigned depth, struct error *err)
{
	char path[BUNDLE_PATH_MAX + 1];
	struct stat st;

	int n = snprintf(path, sizeof(path), "%s/%s", folder_path, name);
	if (n < 0 || (size_t)n >= sizeof(path) || depth == DEPTH_MAX)
		return failed(err, -ENAMETOOLONG, name);
	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(err, -errno, path);
	if (S_ISREG(st.st_mode))
		return add_file_at(bundle, folder_fd, name, path, err);
	if (!S_ISDIR(st.st_mode))
		return error_set_plain(err, -EINVAL, "files",
				       "%.120s is neither a regular file nor a folder", path);
	int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed(err, -errno, path);
	return add_folder(bundle, fd, path, depth + 1, err);
}

static int add_folder(struct bundle_writer *bundle, int take_fd, const char *path, unsigned depth,
		      struct error *err)
{
	DIR *folder = fdopendir(take_fd);
	int r = 0;

	if (!folder) {
		fd_close(take_fd);
		return failed(err, -errno, path);
	}
	for (struct dirent *entry; r == 0 && (entry = readdir(folder));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = add_entry(bundle, dirfd(folder), entry->d_name, path, depth, err);
	closedir(folder);
	return r;
}

int cli_add_tree(struct bundle_writer *bundle, const char *host_dir, const char *path,
		 struct error *err)
{
	int fd = open(host_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return failed(err, -errno, host_dir);
	return add_folder(bundle, fd, path, 0, err);
}
