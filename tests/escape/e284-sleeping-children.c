/*
 * claim: what sleeps in the background does not outlive the wall clock
 * options: --limit wall=300ms
 * control-options: --limit wall=60s
 * outcome: wall_timeout
 * exit: 124
 * expect:
 * args: 60
 * control-args: 0
 */
#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	for (int i = 0; i < 10; i++)
		if (fork() == 0) {
			setsid();
			sleep((unsigned)strtoul(argv[1], NULL, 10));
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	return probe_say(0);
}
