/*
 * claim: kernel parameters cannot be written
 * layer: user-ns
 * expect: denied EACCES
 * control: host
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_say(open("/proc/sys/kernel/hostname", O_WRONLY));
}
