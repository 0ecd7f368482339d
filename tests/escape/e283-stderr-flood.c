/*
 * claim: errors without end are cut as output is, by themselves
 * options: --limit output=64K
 * outcome: output_limit
 * exit: 141
 * expect: out
 * control-options: --limit output=64M
 * control-expect: out
 */
#include "probe.h"

int main(void)
{
	static char line[1 << 10];

	puts("out");
	fflush(stdout);
	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 1024; i++)
		if (write(STDERR_FILENO, line, sizeof(line)) < 0)
			return 1;
	return 0;
}
