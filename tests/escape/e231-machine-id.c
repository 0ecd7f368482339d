/*
 * claim: the host's id is not there
 * layer: mounts
 * expect: denied ENOENT
 * control: host
 * absent-if: denied ENOENT
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	char text[256];
	int fd = open("/etc/machine-id", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n == 0) {
		puts("empty");
		return 0;
	}
	return probe_say(n);
}
