/*
 * claim: SCTP, with its module, is not there
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied EPROTONOSUPPORT|denied ESOCKTNOSUPPORT
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(AF_INET, SOCK_STREAM, 132));
}
