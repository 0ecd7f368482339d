/*
 * claim: a signal to all reaches the cell's own processes and pid 1 not
 * layer: pid-ns
 * args: {host_pid}
 * expect: denied ESRCH
 * control: host
 * control-args: {host_pid}
 */
#include <signal.h>

#include "probe.h"

int main(int argc, char **argv)
{
	/* On the host the whole would be too much: there, what is reached is asked for one process.
	 */
	long reached = argc > 1 && access("/open", F_OK) == 0
			       ? kill(-1, SIGTERM)
			       : kill((pid_t)strtol(argv[1], NULL, 10), 0);
	return probe_say(reached);
}
