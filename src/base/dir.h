/* Folders that are listed: DIR streams with an owner, as fd.h has it for fds. */
#ifndef BASE_DIR_H
#define BASE_DIR_H

#include <dirent.h>
#include <string.h>

#include "base/fd.h"

static inline void dir_closep(DIR **dir)
{
	if (*dir) {
		int saved = errno;
		closedir(*dir);
		errno = saved;
	}
}

#define _cleanup_dir_ __attribute__((cleanup(dir_closep)))

/* Takes an fd of a folder (or what open(2) returned instead of one). Returns NULL and errno when it
 * cannot be listed. */
static inline DIR *dir_take(int fd)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		fd_close(fd);
	return dir;
}

/*
 * The next entry that is neither "." nor "..", valid until the next call; or NULL, at the end with
 * *ret_error 0, else with a negative errno.
 */
static inline const struct dirent *dir_next(DIR *dir, int *ret_error)
{
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	*ret_error = entry ? 0 : -errno;
	return entry;
}

#endif
