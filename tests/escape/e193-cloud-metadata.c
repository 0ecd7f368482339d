/*
 * claim: the address at which clouds give away credentials is out of reach
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
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "169.254.169.254", &address.sin_addr);
	return probe_say(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}
