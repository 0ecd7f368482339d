/*
 * claim: who waits for what on the host cannot be read
 * layer: user-ns
 * expect: denied EACCES|denied EPERM
 * control: host
 * absent-if: denied ENOENT
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	char text[256];
	int fd = open("/proc/timer_list", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n == 0) {
		puts("empty");
		return 0;
	}
	return probe_say(n);
}
