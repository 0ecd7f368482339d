/*
 * claim: nothing of pid 1 can be read: memory, descriptors, environment, maps, folders
 * layer: uid-drop
 * expect: denied ENOENT
 * alone-expect: denied EACCES
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	static const char *const names[] = {"mem",	"environ", "maps",   "fd",	  "cwd",
					    "root/etc", "auxv",	   "fdinfo", "map_files", "stack"};
	int fd = -1;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && fd < 0; i++) {
		char path[64];
		snprintf(path, sizeof(path), "/proc/1/%s", names[i]);
		fd = open(path, O_RDONLY);
	}
	return probe_say(fd);
}
