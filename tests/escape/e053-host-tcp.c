/*
 * claim: a server on the host's loopback interface is not there
 * layer: net-ns
 * args: {port}
 * expect: denied ECONNREFUSED
 * control-options: --without net-ns
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
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return probe_say(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}
