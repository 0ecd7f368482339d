/*
 * claim: the parent of the program is pid 1 of its own world
 * layer: pid-ns
 * expect: 1
 * control: host
 * control-expect-not: 1
 */
#include "probe.h"

int main(void)
{
	printf("%d\n", (int)getppid());
	return 0;
}
