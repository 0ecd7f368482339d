/*
 * claim: no call can be made from 32-bit code
 * layer: seccomp
 * expect: all killed
 * control-options: --without seccomp
 * control-expect-not: all killed
 * absent-if: killed by SIGSEGV
 */
#include <signal.h>

#include "probe.h"

int main(void)
{
	/* mount, setuid, ptrace, socketcall, clone, init_module, keyctl, unshare, bpf by i386's
	 * numbers. */
	static const long numbers[] = {21, 23, 26, 102, 120, 128, 288, 310, 357};
	size_t killed = 0;
	int status = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		pid_t child = fork();
		if (child == 0) {
			long number = numbers[i];
			__asm__ volatile("int $0x80"
					 : "+a"(number)
					 : "b"(-1), "c"(-1), "d"(-1)
					 : "memory");
			_exit(0);
		}
		waitpid(child, &status, 0);
		killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		puts("killed by SIGSEGV");
	else if (killed == sizeof(numbers) / sizeof(numbers[0]))
		puts("all killed");
	else
		printf("%zu killed\n", killed);
	return 0;
}
