/*
 * claim: clone3, whose flags no filter can see, is not there
 * layer: seccomp
 * expect: denied ENOSYS
 * control-options: --without seccomp
 */
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return probe_say(pid);
}
