/*
 * claim: there are no Bluetooth sockets
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * absent-if: denied EAFNOSUPPORT
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(31, SOCK_RAW, 1));
}
