/*
 * claim: a program that kills itself has not run out of memory
 * options: --limit memory=32M
 * args: 9
 * outcome: signaled
 * signal: 9
 * exit: 137
 * expect:
 * control-args: 0
 */
#include <signal.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	kill(getpid(), (int)strtol(argv[1], NULL, 10));
	return probe_say(0);
}
