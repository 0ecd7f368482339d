/*
 * claim: of all families of sockets there are three, in one namespace
 * layer: seccomp
 * expect: 1 2 10
 * control: host
 * control-expect-not: 1 2 10
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	const char *space = "";

	/* AF_MAX is 46 today; the upper half of the argument must not open another door. */
	for (long family = 0; family < 64; family++) {
		int there = 0;
		/* A family the kernel does not know it looks for with a modprobe each time. */
		errno = 0;
		for (long type = SOCK_STREAM; type <= SOCK_PACKET && errno != EAFNOSUPPORT; type++)
			there |= syscall(SYS_socket, family, type, 0) >= 0 ||
				 (family > 0 &&
				  syscall(SYS_socket, family | 1L << 32, type, 0) >= 0);
		if (there) {
			printf("%s%ld", space, family);
			space = " ";
		}
	}
	puts("");
	return 0;
}
