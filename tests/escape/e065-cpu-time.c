/*
 * claim: processor time of all processes together is limited
 * needs: cgroup
 * options: --limit cpu=300ms --limit wall=20s
 * outcome: cpu_timeout
 * exit: 124
 * expect:
 * control-options: --limit cpu=60s --limit wall=60s
 */
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	/* Ten children, each below the limit, one after the other. */
	for (int i = 0; i < 10; i++) {
		if (fork() == 0) {
			while (clock() < CLOCKS_PER_SEC / 5)
				;
			_exit(0);
		}
		wait(NULL);
	}
	return probe_say(0);
}
