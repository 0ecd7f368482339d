/*
 * claim: there are no XDP sockets
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * absent-if: denied EAFNOSUPPORT
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(44, SOCK_RAW, 0));
}
