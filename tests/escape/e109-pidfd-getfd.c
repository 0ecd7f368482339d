/*
 * claim: no descriptor can be taken from another process
 * layer: seccomp
 * expect: denied EPERM
 */
#include <signal.h>

#include "probe.h"

int main(void)
{
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	long fd = syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, child, 0), 1, 0);
	int saved = errno;
	kill(child, SIGKILL);
	errno = saved;
	return probe_say(fd);
}
