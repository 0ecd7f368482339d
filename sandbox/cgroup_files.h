/* Reading and writing the small text files of a cgroup folder. */
#ifndef SANDBOX_CGROUP_FILES_H
#define SANDBOX_CGROUP_FILES_H

#include <stdint.h>

/* Writes text to a file below folder_fd in one write. Returns 0 or a negative errno. */
int cgroup_write(int folder_fd, const char *path, const char *text);

/*
 * The number in a file below folder_fd: its first, or with a key that of the line "key NUMBER". 0
 * when there is no such file, line or number.
 */
uint64_t cgroup_read(int folder_fd, const char *path, const char *key);

#endif
