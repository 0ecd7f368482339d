/*
 * claim: a compile step's /proc has process folders only
 * layer: proc
 * options: --profile compile
 * expect: denied ENOENT
 * control-options: --profile compile --without proc
 */
#include <fcntl.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	char text[16];
	int fd = open("/proc/meminfo", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n == 0) {
		puts("empty");
		return 0;
	}
	return probe_say(n);
}
