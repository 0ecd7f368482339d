/*
 * claim: memory behind a descriptor counts
 * layer: cgroup
 * options: --limit memory=32M --limit files=200M
 * outcome: out_of_memory
 * exit: 137
 * expect:
 */
#include <sys/mman.h>

#include "probe.h"

int main(void)
{
	static char block[1 << 20];
	int fd = memfd_create("large", 0);

	memset(block, 1, sizeof(block));
	for (int i = 0; i < 64; i++)
		if (write(fd, block, sizeof(block)) < 0)
			return probe_say(-1);
	return probe_say(0);
}
