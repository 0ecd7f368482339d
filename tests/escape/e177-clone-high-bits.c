/*
 * claim: a namespace is refused with bits set above 32, which the kernel does not look at
 * layer: seccomp
 * expect: denied EPERM
 * control-expect: done|denied EINVAL
 */
#include <sched.h>
#include <signal.h>

#include "probe.h"

int main(void)
{
	long pid = syscall(SYS_clone, 1UL << 33 | CLONE_NEWUTS | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return probe_say(pid);
}
