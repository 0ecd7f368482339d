/*
 * claim: a path that leads out of /playground is refused before anything starts
 * options: --artefact ../etc/passwd:{scratch}/out
 * exit: 64
 * outcome: none
 * control-options: --artefact etc/passwd:{scratch}/out
 * control-artefact: 7
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	mkdir("etc", 0755);
	int fd = open("etc/passwd", O_WRONLY | O_CREAT, 0644);
	return probe_say(write(fd, "content", 7));
}
