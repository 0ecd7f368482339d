/*
 * claim: the id of the host's boot, the same for every visitor, is masked
 * layer: proc
 * expect: empty
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	char text[256];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n == 0) {
		puts("empty");
		return 0;
	}
	return probe_say(n);
}
