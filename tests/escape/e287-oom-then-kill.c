/*
 * claim: … and when the program then kills itself
 * layer: cgroup
 * options: --limit memory=32M
 * outcome: out_of_memory
 * exit: 137
 * expect: child killed
 * control-options: --limit memory=32M --without cgroup --without rlimits
 * control-args: stay
 * control-expect: child done
 */
#include <signal.h>

#include "probe.h"

int main(int argc, char **argv)
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
	fflush(stdout);
	(void)argv;
	return argc > 1 ? 0 : kill(getpid(), SIGKILL);
}
