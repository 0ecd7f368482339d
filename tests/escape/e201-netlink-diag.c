/*
 * claim: other sockets cannot be listed
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied EPROTONOSUPPORT
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(AF_NETLINK, SOCK_RAW, 4 /* sock_diag */));
}
