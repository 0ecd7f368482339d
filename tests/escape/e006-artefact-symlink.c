/*
 * claim: an artefact that is a link is not followed
 * args: link
 * options: --artefact out:{scratch}/out
 * expect: done
 * error: link
 * exit: 125
 * control-args: file
 * control-artefact: 7
 */
#include <fcntl.h>
#include <unistd.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	if (strcmp(argv[1], "link") == 0)
		return probe_say(symlink("/etc/passwd", "out"));
	int fd = open("out", O_WRONLY | O_CREAT, 0644);
	return probe_say(write(fd, "content", 7));
}
