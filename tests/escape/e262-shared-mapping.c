/*
 * claim: memory shared between processes counts once for all of them
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
	char *memory =
		mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return probe_say(-1);
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			memset(memory + i * (16 << 20), 1, 16 << 20);
			_exit(0);
		}
		int status;
		wait(&status);
		if (status)
			return 1;
	}
	return probe_say(0);
}
