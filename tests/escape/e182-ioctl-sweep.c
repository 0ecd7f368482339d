/*
 * claim: no request to a device, a file system or an interface is let through
 * layer: seccomp
 * expect: all refused
 * control-options: --without seccomp
 * control-expect-not: all refused
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	/* FIBMAP, FIGETBSZ, FIFREEZE, FITRIM, FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR, TIOCSTI,
	 * TIOCLINUX, TIOCCONS, TIOCSETD, TIOCSSERIAL, TIOCMSET, KDSKBENT, VT_ACTIVATE, BLKRRPART,
	 * SIOCSIFFLAGS, SIOCSIFADDR, SIOCADDRT, SIOCETHTOOL, SIOCBRADDBR, TUNSETIFF, KVM_CREATE_VM,
	 * USERFAULTFD's, NS_GET_PARENT */
	static const unsigned long requests[] = {
		0x1,	0x2,	0xc0045877, 0xc0185879, 0x40086602, 0x401c5820, 0x5412, 0x541c,
		0x541d, 0x5423, 0x541f,	    0x5418,	0x4b47,	    0x5606,	0x125f, 0x8914,
		0x8916, 0x890b, 0x8946,	    0x89a0,	0x400454ca, 0xae01,	0xaa00, 0xb702};
	int refused = 1, fd = open("/dev/null", O_RDWR);

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		for (unsigned long high = 0; high < 2; high++)
			if (syscall(SYS_ioctl, fd, requests[i] | high << 32, NULL) >= 0 ||
			    errno != EPERM) {
				refused = 0;
				printf("%lx\n", requests[i]);
			}
	if (refused)
		puts("all refused");
	return 0;
}
