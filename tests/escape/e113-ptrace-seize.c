/*
 * claim: no process can be seized, not even a child
 * layer: seccomp
 * expect: denied EPERM
 */
#include <signal.h>
#include <sys/ptrace.h>

#include "probe.h"

int main(void)
{
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	long result = ptrace(PTRACE_SEIZE, child, NULL, NULL);
	int saved = errno;
	kill(child, SIGKILL);
	errno = saved;
	return probe_say(result);
}
