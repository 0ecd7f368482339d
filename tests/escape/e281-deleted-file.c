/*
 * claim: a file that was deleted while it is open still counts
 * layer: mounts
 * options: --limit files=16M
 * expect: denied ENOSPC
 * control: host
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	static char block[1 << 20];
	int fd = open("gone", O_CREAT | O_WRONLY, 0600), failed = 0;

	unlink("gone");
	for (int i = 0; i < 24 && !failed; i++)
		failed = write(fd, block, sizeof(block)) != (ssize_t)sizeof(block);
	errno = ENOSPC;
	return probe_say(failed ? -1 : 0);
}
