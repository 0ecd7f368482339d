/*
 * claim: /proc/sysvipc lists nothing of the host
 * layer: ipc-ns
 * expect: 0
 * control-expect-not: 0
 */
#include "probe.h"

int main(void)
{
	char line[512];
	FILE *file = fopen("/proc/sysvipc/shm", "r");
	int lines = -1;

	while (file && fgets(line, sizeof(line), file))
		lines++;
	printf("%d\n", lines);
	return 0;
}
