/*
 * claim: there are no sockets to the kernel's ciphers
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 * absent-if: denied EAFNOSUPPORT
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(AF_ALG, SOCK_SEQPACKET, 0));
}
