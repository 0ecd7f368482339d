/*
 * claim: an artefact beyond the limit is refused and said to be a matter of file size
 * options: --artefact out:{scratch}/out --limit artefact=1M
 * outcome: file_limit
 * expect: done
 * error: larger than the limit
 * exit: 125
 * control-options: --artefact out:{scratch}/out --limit artefact=4M
 * control-artefact: 2097152
 */
#include <fcntl.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	int fd = open("out", O_WRONLY | O_CREAT, 0644);
	return probe_say(ftruncate(fd, 2 << 20));
}
