/*
 * claim: nor by a descriptor of pid 1
 * layer: seccomp
 * expect: denied EPERM
 */
#include <sched.h>

#include "probe.h"

int main(void)
{
	return probe_say(setns((int)syscall(SYS_pidfd_open, 1, 0), CLONE_NEWPID));
}
