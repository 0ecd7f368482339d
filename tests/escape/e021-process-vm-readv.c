/*
 * claim: another process's memory cannot be read
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 */
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	char here[8], there[8] = "secret";
	struct iovec to = {here, sizeof(here)}, from = {there, sizeof(there)};
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	long result = process_vm_readv(child, &to, 1, &from, 1, 0);
	int saved = errno;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	errno = saved;
	return probe_say(result);
}
