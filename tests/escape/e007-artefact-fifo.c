/*
 * claim: an artefact that is a FIFO neither hangs pid 1 nor is handed on
 * args: fifo
 * options: --artefact out:{scratch}/out
 * expect: done
 * error: not a regular file
 * exit: 125
 * control-args: file
 * control-artefact: 7
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	if (strcmp(argv[1], "fifo") == 0)
		return probe_say(mkfifo("out", 0666));
	int fd = open("out", O_WRONLY | O_CREAT, 0644);
	return probe_say(write(fd, "content", 7));
}
