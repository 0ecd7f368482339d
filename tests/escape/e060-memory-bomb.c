/*
 * claim: memory beyond the limit ends the step, and is called by its name
 * needs: cgroup
 * layer: cgroup
 * options: --limit memory=32M
 * outcome: out_of_memory
 * exit: 137
 * expect:
 * control-options: --limit memory=32M --without cgroup --without rlimits
 */

#include "probe.h"

int main(void)
{
	size_t size = 100 << 20;
	char *memory = malloc(size);

	if (!memory)
		return probe_say(-1);
	memset(memory, 1, size);
	__asm__ volatile("" : : "r"(memory) : "memory");
	return probe_say(0);
}
