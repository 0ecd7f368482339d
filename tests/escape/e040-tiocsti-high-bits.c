/*
 * claim: nor with bits set above 32 of the request
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 * absent-if: denied EIO
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

/* Becomes the leader of a session whose terminal is a pseudo-terminal of its own, then types into
 * it. */
static int type_into_terminal(unsigned long request)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), terminal;
	pid_t child;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return probe_say(-1);
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	child = fork();
	if (child == 0) {
		if (terminal < 0 || setsid() < 0 || ioctl(terminal, TIOCSCTTY, 0) < 0)
			_exit(probe_say(-1));
		probe_say(syscall(SYS_ioctl, terminal, request, "x"));
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	return 0;
}

int main(void)
{
	return type_into_terminal(TIOCSTI | 1UL << 32);
}
