/*
 * claim: a compile step has no internet sockets at all
 * layer: seccomp
 * options: --profile compile
 * expect: denied EPERM
 * control-options: --profile compile --without seccomp
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(AF_INET, SOCK_STREAM, 0));
}
