/*
 * claim: no line discipline, with its module, can be put on a terminal
 * layer: seccomp
 * expect: denied EPERM
 * control-expect: done
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "probe.h"

int main(void)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	return probe_call(SYS_ioctl, fd, TIOCSETD, &(int){0});
}
