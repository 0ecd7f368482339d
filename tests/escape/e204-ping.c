/*
 * claim: not even a ping can be sent
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * absent-if: denied EACCES
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(AF_INET, SOCK_DGRAM, 1 /* ICMP */));
}
