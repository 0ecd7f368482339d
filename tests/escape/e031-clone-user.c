/*
 * claim: clone makes no user namespace either
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 */
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return probe_say(pid);
}
