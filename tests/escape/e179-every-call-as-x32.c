/*
 * claim: none of them can be reached by its x32 number
 * layer: seccomp
 * expect: all killed
 * control-options: --without seccomp
 * control-expect-not: all killed
 */
#include "probe.h"

static const long calls[] = {PROBE_REFUSED_CALLS};

int main(void)
{
	size_t killed = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		killed += probe_child_call(calls[i] | 0x40000000, -1) == -1;
	if (killed == sizeof(calls) / sizeof(calls[0]))
		puts("all killed");
	else
		printf("%zu killed\n", killed);
	return 0;
}
