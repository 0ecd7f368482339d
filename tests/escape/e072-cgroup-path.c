/*
 * claim: the host's cgroup paths are not shown
 * expect: /
 * control: host
 * control-expect-not: /
 * absent-if: /
 */

#include "probe.h"

int main(void)
{
	/* The longest path of all hierarchies. */
	char line[4096], longest[4096] = "";
	FILE *file = fopen("/proc/self/cgroup", "r");

	while (file && fgets(line, sizeof(line), file)) {
		char *path = strrchr(line, ':');
		if (path && strlen(path + 1) > strlen(longest))
			snprintf(longest, sizeof(longest), "%s", path + 1);
	}
	printf("%s", longest);
	return 0;
}
