/*
 * claim: page tables, of memory that is only looked at, count
 * layer: cgroup
 * options: --limit memory=32M --limit files=200M
 * outcome: out_of_memory
 * exit: 137
 * expect:
 */
#include <sys/mman.h>

#include "probe.h"

int main(void)
{
	/* One page in every 2 MiB, all the same zeroes: a table of 4 KiB for each. */
	const size_t step = 2 << 20, size = 16384 * step;
	volatile char *memory =
		mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int sum = 0;

	if (memory == MAP_FAILED)
		return probe_say(-1);
	for (size_t at = 0; at < size; at += step)
		sum += memory[at];
	return probe_say(sum);
}
