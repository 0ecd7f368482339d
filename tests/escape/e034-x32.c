/*
 * claim: an x32 system call kills
 * layer: seccomp
 * outcome: signaled
 * signal: 31
 * expect:
 * control-options: --without seccomp
 * control-expect: done|denied ENOSYS
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	return probe_say(syscall(0x40000000 + SYS_getpid));
}
