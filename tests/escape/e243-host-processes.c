/*
 * claim: no process of the host or of another cell has a folder in /proc
 * layer: pid-ns
 * args: {host_pid}
 * expect: denied ENOENT
 * control: host
 */
#include <fcntl.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	char path[64];
	snprintf(path, sizeof(path), "/proc/%s/cmdline", argv[1]);
	return probe_say(open(path, O_RDONLY));
}
