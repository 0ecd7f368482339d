/*
 * claim: there is no interface but loopback
 * layer: net-ns
 * expect: denied ENODEV
 * control-options: --without net-ns
 * absent-if: denied ENODEV
 */
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	/* Index 1 is lo; whatever the others are called, one of the first hundred indexes is
	 * theirs. */
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), result = -1;

	for (int i = 2; i < 100 && result < 0; i++) {
		request.ifr_ifindex = i;
		result = ioctl(fd, SIOCGIFNAME, &request);
	}
	return probe_say(result);
}
