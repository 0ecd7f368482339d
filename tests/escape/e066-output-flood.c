/*
 * claim: output without end is cut and the program ended
 * options: --limit output=64K
 * outcome: output_limit
 * exit: 141
 * expect-bytes: 65536
 * control-options: --limit output=64M
 * control-expect-bytes: 4194304
 */
#include <unistd.h>

#include "probe.h"

int main(void)
{
	static char line[1 << 10];

	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 4096; i++)
		if (write(STDOUT_FILENO, line, sizeof(line)) < 0)
			return 1;
	return 0;
}
