/*
 * claim: a crash leaves no core file and runs no handler: 1 is the limit that rules out both
 * layer: rlimits
 * expect: 1
 * control-options: --without rlimits
 * control-expect-not: 1
 */
#include <sys/resource.h>

#include "probe.h"

int main(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_CORE, &limit);
	printf("%llu\n", (unsigned long long)limit.rlim_max);
	return 0;
}
