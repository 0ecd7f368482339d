/*
 * claim: frames cannot be read or forged
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * absent-if: denied EAFNOSUPPORT
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(AF_PACKET, SOCK_RAW, 0));
}
