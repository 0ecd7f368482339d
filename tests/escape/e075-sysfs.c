/*
 * claim: there is no /sys
 * layer: mounts
 * expect: denied ENOENT
 * control: host
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_say(open("/sys/kernel", O_RDONLY));
}
