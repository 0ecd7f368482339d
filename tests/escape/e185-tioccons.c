/*
 * claim: the console's output cannot be taken over
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied EINVAL|denied ENOTTY
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "probe.h"

int main(void)
{
	int fd = open("/dev/null", O_RDWR);
	/* Of what is no terminal, so that on the host, too, nothing is taken over. */
	return probe_call(SYS_ioctl, fd, TIOCCONS, NULL);
}
