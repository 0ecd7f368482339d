/*
 * claim: /proc/net/unix lists no socket of the host
 * layer: net-ns
 * args: {abstract}
 * expect: 0
 * control-expect: 1
 */
#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	char line[512];
	FILE *file = fopen("/proc/net/unix", "r");
	int found = 0;

	while (file && fgets(line, sizeof(line), file))
		found |= strstr(line, argv[1]) != NULL;
	printf("%d\n", found);
	return 0;
}
