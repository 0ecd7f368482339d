/*
 * claim: a datagram to the host's loopback interface reaches nobody
 * layer: net-ns
 * args: {udp_port}
 * expect: denied ECONNREFUSED
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((unsigned short)strtol(argv[1], NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	/* The second one is told what became of the first. */
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    send(fd, "x", 1, 0) < 0)
		return probe_say(-1);
	return probe_say(send(fd, "x", 1, 0));
}
