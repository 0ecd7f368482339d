/*
 * claim: a sparse file beyond the limit is a file limit
 * layer: rlimits
 * options: --limit files=16M
 * outcome: file_limit
 * exit: 153
 * expect:
 * control-options: --limit files=16M --without rlimits
 */
#include <fcntl.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	int fd = open("sparse", O_WRONLY | O_CREAT, 0644);
	return probe_say(ftruncate(fd, 64 << 20));
}
