/*
 * claim: clone makes no network namespace
 * layer: seccomp
 * expect: denied EPERM
 */
#include <sched.h>
#include <signal.h>

#include "probe.h"

int main(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return probe_say(pid);
}
