/*
 * claim: the launcher's root is unmounted: ten times .. from / leads to / and no folder of the host
 * layer: pivot
 * args: {secret}
 * expect: denied ENOENT
 * control: host
 */
#include <fcntl.h>
#include <unistd.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	/* From the top, or from as far up as one gets. */
	for (int i = 0; i < 10; i++)
		if (chdir("..") < 0)
			return probe_say(-1);
	return probe_say(open(argv[1] + 1, O_RDONLY));
}
