/*
 * claim: a file of the host is not there
 * layer: mounts
 * args: {secret}
 * expect: denied ENOENT
 * control: host
 */
#include <fcntl.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	return probe_say(open(argv[1], O_RDONLY));
}
