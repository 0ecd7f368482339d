/*
 * claim: the interface cannot be set up otherwise, nor routes
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp --without uid-drop
 */
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = 0};
	return probe_say(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request));
}
