/*
 * claim: /proc/net/tcp lists no connection of the host
 * layer: net-ns
 * expect: 0
 * control-expect-not: 0
 */
#include "probe.h"

int main(void)
{
	char line[512];
	FILE *file = fopen("/proc/net/tcp", "r");
	int lines = -1;

	while (file && fgets(line, sizeof(line), file))
		lines++;
	printf("%d\n", lines);
	return 0;
}
