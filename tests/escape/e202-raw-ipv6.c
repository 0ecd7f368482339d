/*
 * claim: IPv6 packets cannot be forged
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * absent-if: denied EAFNOSUPPORT
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(AF_INET6, SOCK_RAW, 58 /* ICMPv6 */));
}
