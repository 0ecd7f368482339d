/*
 * claim: packets cannot be forged
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp --without uid-drop
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	return probe_say(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}
