/*
 * claim: there are no PF_KEY sockets
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * absent-if: denied EAFNOSUPPORT
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(15, SOCK_RAW, 2));
}
