/*
 * claim: clone makes no mount namespace
 * layer: seccomp
 * expect: denied EPERM
 */
#include <sched.h>
#include <signal.h>

#include "probe.h"

int main(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return probe_say(pid);
}
