/*
 * claim: nobody in a cell can answer on a port that is the superuser's
 * layer: uid-drop
 * options: --without net-ns
 * expect: denied EACCES
 * control: host
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "probe.h"

int main(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(1009),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return probe_say(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}
