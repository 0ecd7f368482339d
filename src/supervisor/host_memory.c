#include "supervisor/host_memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

enum { MEMINFO_SIZE = 512 };

int host_memory_is_below(uint64_t reserve_bytes)
{
	char text[MEMINFO_SIZE];
	unsigned long long kib;

	_cleanup_fd_ int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	const char *line = strstr(text, "MemAvailable:");
	return line && sscanf(line, "MemAvailable: %llu", &kib) == 1 && kib < reserve_bytes >> 10;
}
