/*
 * claim: no protocol can be spoken by hand
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 */
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(AF_INET, SOCK_RAW, 255));
}
