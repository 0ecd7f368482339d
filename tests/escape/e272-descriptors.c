/*
 * claim: open files are limited
 * layer: rlimits
 * options: --limit open-files=32
 * expect: denied EMFILE
 * control-options: --limit open-files=32 --without rlimits
 */
#include "probe.h"

int main(void)
{
	int fd = 0;
	for (int i = 0; i < 100 && fd >= 0; i++)
		fd = dup(0);
	return probe_say(fd);
}
