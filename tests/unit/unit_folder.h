/* A folder of a test's own, and files in it by name. Everything asserts. */
#ifndef UNIT_UNIT_FOLDER_H
#define UNIT_UNIT_FOLDER_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

struct unit_folder {
	char path[64];
	int fd;
};

static inline struct unit_folder *unit_folder_new(void)
{
	struct unit_folder *folder = calloc(1, sizeof(*folder));

	assert_non_null(folder);
	snprintf(folder->path, sizeof(folder->path), "/tmp/sandlot-unit-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	assert_int_equal(chmod(folder->path, 0755), 0);
	folder->fd = open(folder->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(folder->fd >= 0);
	return folder;
}

static inline int unit_folder_remove_one(const char *path, const struct stat *st, int flag,
					 struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void unit_folder_free(struct unit_folder *folder)
{
	assert_int_equal(
		nftw(folder->path, unit_folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT),
		0);
	close(folder->fd);
	free(folder);
}

static inline void unit_folder_mkdir(struct unit_folder *folder, const char *name)
{
	assert_int_equal(mkdirat(folder->fd, name, 0755), 0);
	assert_int_equal(fchmodat(folder->fd, name, 0755, 0), 0);
}

/* Writes a file anew (mode 0644 when it is not there yet). */
static inline void unit_folder_write(struct unit_folder *folder, const char *name, const void *data,
				     size_t len)
{
	int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(close(fd), 0);
}

static inline void unit_folder_text(struct unit_folder *folder, const char *name, const char *text)
{
	unit_folder_write(folder, name, text, strlen(text));
}

static inline void unit_folder_link(struct unit_folder *folder, const char *name,
				    const char *target)
{
	unlinkat(folder->fd, name, 0);
	assert_int_equal(symlinkat(target, folder->fd, name), 0);
}

/* Reads a file. Returns its length. */
static inline size_t unit_folder_read(struct unit_folder *folder, const char *name, void *ret_data,
				      size_t size)
{
	int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret_data, size);

	assert_true(n >= 0);
	close(fd);
	return (size_t)n;
}

#endif
