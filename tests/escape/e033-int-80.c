/*
 * claim: a 32-bit system call kills
 * layer: seccomp
 * outcome: signaled
 * signal: 31
 * expect:
 * control-options: --without seccomp
 * absent-outcome: signaled
 */

#include "probe.h"

int main(void)
{
	long pid = 20; /* getpid on i386 */

	__asm__ volatile("int $0x80" : "+a"(pid) : : "memory");
	return probe_say(pid > 0 ? 0 : -1);
}
