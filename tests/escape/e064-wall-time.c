/*
 * claim: waiting without end is ended
 * args: 60
 * options: --limit wall=300ms
 * control-options: --limit wall=60s
 * outcome: wall_timeout
 * exit: 124
 * expect:
 * control-args: 0
 */
#include <unistd.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	sleep((unsigned)strtoul(argv[1], NULL, 10));
	return probe_say(0);
}
