/*
 * claim: processor time counts of processes, too, that have left their parents and sessions behind
 * layer: cgroup
 * options: --limit cpu=300ms
 * outcome: cpu_timeout
 * exit: 124
 * expect:
 * control-args: rest
 */
#include <time.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argv;
	/* The child's child burns; nobody of the program's own waits for it. */
	if (argc == 1 && fork() == 0) {
		setsid();
		if (fork() == 0)
			while (clock() < 3 * CLOCKS_PER_SEC)
				;
		_exit(0);
	}
	sleep(argc == 1 ? 5 : 0);
	return probe_say(0);
}
