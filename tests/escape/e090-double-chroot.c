/*
 * claim: a change of root inside a change of root, the classic way out, leads nowhere
 * layer: pivot
 * expect: denied EPERM
 * alone-expect: denied ENOENT
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "probe.h"

int main(void)
{
	int here = open(".", O_RDONLY | O_DIRECTORY);

	/* The working folder stays outside of the inner root, and so ".." is not stopped by it. */
	if (mkdir("inner", 0755) < 0 || chroot("inner") < 0 || fchdir(here) < 0)
		return probe_say(-1);
	for (int i = 0; i < 20; i++)
		if (chdir("..") < 0)
			return probe_say(-1);
	if (chroot(".") < 0)
		return probe_say(-1);
	return probe_say(open("/image", O_RDONLY | O_DIRECTORY));
}
