/*
 * claim: what waits in sockets counts
 * layer: cgroup
 * options: --limit memory=32M --limit files=200M
 * outcome: out_of_memory
 * exit: 137
 * expect:
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	static char block[1 << 16];

	for (int i = 0; i < 400; i++) {
		int ends[2];
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
			return probe_say(-1);
		while (write(ends[0], block, sizeof(block)) > 0)
			;
	}
	return probe_say(0);
}
