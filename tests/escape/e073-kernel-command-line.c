/*
 * claim: the host's kernel command line is masked
 * layer: proc
 * expect: empty
 * control-options: --without proc
 */
#include <fcntl.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	char text[16];
	int fd = open("/proc/cmdline", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n == 0) {
		puts("empty");
		return 0;
	}
	return probe_say(n);
}
