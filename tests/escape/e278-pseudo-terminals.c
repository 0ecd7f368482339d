/*
 * claim: pseudo-terminals, which all users of the machine share, are limited
 * layer: mounts
 * expect: denied ENOSPC
 * control: host
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	int fd = 0;
	for (int i = 0; i < 200 && fd >= 0; i++)
		fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	return probe_say(fd);
}
