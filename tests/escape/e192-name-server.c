/*
 * claim: no name server is reachable: there is no way out at all
 * layer: net-ns
 * expect: denied ENETUNREACH
 * absent-if: denied ENETUNREACH
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "192.0.2.53", &address.sin_addr);
	return probe_say(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}
