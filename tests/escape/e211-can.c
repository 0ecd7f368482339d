/*
 * claim: there are no CAN sockets
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied EAFNOSUPPORT
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(29, SOCK_RAW, 1));
}
