/*
 * claim: a forbidden socket family stays forbidden with bits set above 32
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	return probe_say(syscall(SYS_socket, AF_NETLINK | 1UL << 32, SOCK_RAW, 0));
}
