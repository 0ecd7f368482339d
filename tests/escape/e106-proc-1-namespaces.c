/*
 * claim: pid 1's namespaces cannot be opened, let alone entered
 * layer: uid-drop
 * expect: denied ENOENT
 * alone-expect: denied EACCES
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	static const char *const names[] = {"mnt", "pid",  "net",    "ipc",
					    "uts", "user", "cgroup", "time"};
	int fd = -1;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && fd < 0; i++) {
		char path[64];
		snprintf(path, sizeof(path), "/proc/1/ns/%s", names[i]);
		fd = open(path, O_RDONLY);
	}
	return probe_say(fd);
}
