/*
 * claim: files count as memory
 * needs: cgroup
 * layer: cgroup
 * options: --limit memory=32M --limit files=200M
 * outcome: out_of_memory
 * exit: 137
 * expect:
 * control-options: --limit memory=32M --limit files=200M --without cgroup
 */
#include <fcntl.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	static char block[1 << 20];
	int fd = open("/dev/shm/large", O_WRONLY | O_CREAT, 0644);

	memset(block, 1, sizeof(block));
	for (int i = 0; i < 100; i++)
		if (write(fd, block, sizeof(block)) < 0)
			return probe_say(-1);
	return probe_say(0);
}
