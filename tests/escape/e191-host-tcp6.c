/*
 * claim: a server on the host's IPv6 loopback interface is not there
 * layer: net-ns
 * args: {port6}
 * expect: denied ECONNREFUSED|denied EADDRNOTAVAIL|denied EAFNOSUPPORT
 * absent-if: denied EAFNOSUPPORT|denied ECONNREFUSED|denied EADDRNOTAVAIL
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((unsigned short)strtol(argv[1], NULL, 10)),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	return probe_say(fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof(address)));
}
