/*
 * claim: nothing can be pasted into a console
 * layer: seccomp
 * expect: denied EPERM
 * control-expect: denied ENOTTY|denied EINVAL
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "probe.h"

int main(void)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	return probe_call(SYS_ioctl, fd, TIOCLINUX, (char[]){3});
}
