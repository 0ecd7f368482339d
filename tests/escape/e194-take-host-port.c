/*
 * claim: a port taken in the cell is the cell's own: the host's stays the host's
 * layer: net-ns
 * args: {port}
 * expect: done
 * control-expect: denied EADDRINUSE
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

	return probe_say(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}
