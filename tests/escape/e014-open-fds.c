/*
 * claim: the program has stdin, stdout and stderr and no other descriptor
 * layer: close
 * expect: 0 1 2
 * control: host
 * control-expect-not: 0 1 2
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	/* Up to 1023: what the limit on open files lets exist. */
	const char *space = "";
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0) {
			printf("%s%d", space, fd);
			space = " ";
		}
	puts("");
	return 0;
}
