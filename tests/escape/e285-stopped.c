/*
 * claim: a program that stops itself is ended by the clock all the same
 * options: --limit wall=300ms
 * control-options: --limit wall=60s
 * outcome: wall_timeout
 * exit: 124
 * args: stop
 * expect:
 * control-args: go
 */
#include <signal.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	if (strcmp(argv[1], "stop") == 0)
		raise(SIGSTOP);
	return probe_say(0);
}
