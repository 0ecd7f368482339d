/*
 * claim: there are no TIPC sockets
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied EAFNOSUPPORT
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(30, SOCK_STREAM, 0));
}
