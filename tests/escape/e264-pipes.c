/*
 * claim: what waits in pipes counts
 * layer: cgroup
 * options: --limit memory=16M --limit files=200M
 * outcome: out_of_memory
 * exit: 137
 * expect:
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	static char block[1 << 16];

	/* 1,000 pipes of 64 KiB; what a user has in pipes without privilege ends there, too. */
	for (int i = 0; i < 500; i++) {
		int ends[2];
		if (pipe2(ends, O_NONBLOCK) < 0)
			return probe_say(-1);
		while (write(ends[1], block, sizeof(block)) > 0)
			;
	}
	return probe_say(0);
}
