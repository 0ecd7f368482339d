/*
 * claim: the cgroup alone limits processes
 * needs: cgroup
 * layer: cgroup
 * options: --limit processes=20 --without rlimits
 * expect: denied EAGAIN
 * control-options: --limit processes=20 --without rlimits --without cgroup
 */
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	/* Children wait for each other's end on a pipe, so all of them live at once. */
	int ends[2], failed = 0;

	if (pipe(ends) < 0)
		return probe_say(-1);
	for (int i = 0; i < 100 && !failed; i++) {
		pid_t child = fork();
		if (child == 0) {
			char byte;
			close(ends[1]);
			_exit(read(ends[0], &byte, 1) != 0);
		}
		failed = child < 0;
	}
	int saved = errno;
	close(ends[1]);
	while (wait(NULL) > 0)
		;
	errno = saved;
	return probe_say(failed ? -1 : 0);
}
