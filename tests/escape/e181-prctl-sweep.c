/*
 * claim: no operation of prctl beyond the harmless ones is let through
 * layer: seccomp
 * expect: all refused
 * control-options: --without seccomp
 * control-expect-not: all refused
 */
#include "probe.h"

int main(void)
{
	/* PR_SET_UNALIGN, KEEPCAPS, FPEMU, TIMING, ENDIAN, SECCOMP, CAPBSET_DROP, TSC, SECUREBITS,
	 * TASK_PERF_EVENTS, MCE_KILL, SET_MM, MPX, CAP_AMBIENT, SPECULATION, IO_FLUSHER,
	 * SYSCALL_USER_DISPATCH, SCHED_CORE */
	static const long operations[] = {6,  8,  10, 14, 20, 22, 24, 26, 28, 31,
					  32, 33, 35, 43, 47, 53, 57, 59, 62};
	int refused = 1;

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (syscall(SYS_prctl, operations[i], 0, 0, 0, 0) >= 0 || errno != EPERM) {
			refused = 0;
			printf("%ld\n", operations[i]);
		}
	if (refused)
		puts("all refused");
	return 0;
}
