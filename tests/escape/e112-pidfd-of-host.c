/*
 * claim: no descriptor of a process of the host can be had
 * layer: pid-ns
 * args: {host_pid}
 * expect: denied ESRCH
 * control: host
 */
#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	return probe_call(SYS_pidfd_open, strtol(argv[1], NULL, 10), 0);
}
