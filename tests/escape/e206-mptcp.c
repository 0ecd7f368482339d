/*
 * claim: multipath TCP is not there
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied EPROTONOSUPPORT
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(AF_INET, SOCK_STREAM, 262));
}
