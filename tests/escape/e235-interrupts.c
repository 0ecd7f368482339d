/*
 * claim: interrupts, by which key strokes can be timed, are masked
 * layer: proc
 * expect: empty
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	char text[256];
	int fd = open("/proc/interrupts", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n == 0) {
		puts("empty");
		return 0;
	}
	return probe_say(n);
}
