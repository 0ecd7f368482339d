/*
 * claim: another process's memory cannot be written
 * layer: seccomp
 * expect: denied EPERM
 */
#include <signal.h>
#include <sys/uio.h>

#include "probe.h"

int main(void)
{
	char here[8] = "forged", there[8] = "secret";
	struct iovec from = {here, sizeof(here)}, to = {there, sizeof(there)};
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	long result = process_vm_writev(child, &from, 1, &to, 1, 0);
	int saved = errno;
	kill(child, SIGKILL);
	errno = saved;
	return probe_say(result);
}
