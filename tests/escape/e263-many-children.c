/*
 * claim: memory of all processes together counts
 * layer: cgroup
 * options: --limit memory=32M --limit files=200M
 * outcome: out_of_memory
 * exit: 137
 */
#include "probe.h"

int main(void)
{
	/* Eight times 8 MiB, all at once. */
	int ends[2];

	if (pipe(ends) < 0)
		return probe_say(-1);
	for (int i = 0; i < 8; i++)
		if (fork() == 0) {
			char *memory = malloc(8 << 20), byte;
			memset(memory, 1, 8 << 20);
			__asm__ volatile("" : : "r"(memory) : "memory");
			close(ends[1]);
			_exit(read(ends[0], &byte, 1) != 0 || memory[1] != 1);
		}
	sleep(1);
	close(ends[1]);
	int status, bad = 0;
	while (wait(&status) > 0)
		bad |= status;
	return probe_say(bad ? -1 : 0);
}
