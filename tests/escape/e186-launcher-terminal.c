/*
 * claim: there is no terminal to open: not the launcher's, not its own
 * layer: session
 * alone: none
 * expect: denied ENXIO|denied ENOENT
 * control-args: own
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "probe.h"

int main(int argc, char **argv)
{
	/* The control makes itself one first. */
	if (argc > 1) {
		int master = posix_openpt(O_RDWR | O_NOCTTY);
		if (master < 0 || unlockpt(master) < 0)
			return probe_say(-1);
		if (fork() != 0) {
			wait(NULL);
			return 0;
		}
		setsid();
		ioctl(open(ptsname(master), O_RDWR | O_NOCTTY), TIOCSCTTY, 0);
		printf("%s\n", ttyname(open(ptsname(master), O_RDWR | O_NOCTTY)) ? "done" : "no");
		return 0;
	}
	(void)argv;
	return probe_say(open("/dev/tty", O_RDWR));
}
