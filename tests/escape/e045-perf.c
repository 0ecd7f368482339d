/*
 * claim: perf_event_open cannot be called
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 * control-expect: denied EFAULT
 * absent-if: denied ENOSYS
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	return probe_say(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}
