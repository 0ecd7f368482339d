/*
 * claim: memory is told to be the reason also when a child of the program was the victim
 * layer: cgroup
 * options: --limit memory=32M
 * outcome: out_of_memory
 * exit: 137
 * expect: child killed
 * control-options: --limit memory=32M --without cgroup --without rlimits
 * control-expect: child done
 */
#include "probe.h"

int main(void)
{
	int status;

	if (fork() == 0) {
		char *memory = malloc(64 << 20);
		memset(memory, 1, 64 << 20);
		__asm__ volatile("" : : "r"(memory) : "memory");
		_exit(0);
	}
	wait(&status);
	puts(WIFSIGNALED(status) ? "child killed" : "child done");
	return 0;
}
