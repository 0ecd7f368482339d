/*
 * claim: an abstract socket of the host is not there
 * layer: net-ns
 * args: {abstract}
 * expect: denied ECONNREFUSED
 * control-options: --without net-ns --without landlock
 */
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(argv[1]);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path + 1, argv[1], len);
	return probe_say(connect(fd, (struct sockaddr *)&address,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)));
}
