/*
 * claim: the names of the cell's control groups are not shown
 * layer: cgroup-ns
 * alone-with: cgroup
 * expect: 0
 * control-options: --without cgroup-ns
 * control-expect: 1
 */
#include "probe.h"

int main(void)
{
	char line[4096];
	FILE *file = fopen("/proc/self/cgroup", "r");
	int found = 0;

	while (file && fgets(line, sizeof(line), file))
		found |= strstr(line, "sandlot-") != NULL;
	printf("%d\n", found);
	return 0;
}
