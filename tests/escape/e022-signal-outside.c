/*
 * claim: a process of the host cannot be named, let alone signalled
 * layer: pid-ns
 * args: {host_pid}
 * expect: denied ESRCH
 * control: host
 */
#include <signal.h>
#include <sys/types.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	return probe_say(kill((pid_t)strtol(argv[1], NULL, 10), 0));
}
