/*
 * claim: there are no VM sockets
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 * absent-if: denied EAFNOSUPPORT
 */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	return probe_say(syscall(SYS_socket, AF_VSOCK | 1UL << 32, SOCK_STREAM, 0));
}
