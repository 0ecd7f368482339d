/*
 * claim: a full disk is an error the program sees, and the outcome says so
 * layer: mounts
 * options: --limit files=16M
 * outcome: file_limit
 * exit: 1
 * expect: denied ENOSPC
 * control-options: --limit files=64M
 */
#include <fcntl.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	/* All three writable folders, one after the other: they share one limit. */
	static const char *const files[] = {"/tmp/large", "/dev/shm/large", "/playground/large"};
	static char block[1 << 20];
	int failed = 0;

	for (int i = 0; i < 24; i++) {
		int fd = open(files[i % 3], O_WRONLY | O_CREAT | O_APPEND, 0644);
		failed |= fd < 0 || write(fd, block, sizeof(block)) != (ssize_t)sizeof(block);
		close(fd);
	}
	errno = ENOSPC;
	probe_say(failed ? -1 : 0);
	return failed;
}
