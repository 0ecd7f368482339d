/*
 * claim: an artefact is not looked for through a linked folder
 * args: link
 * options: --artefact folder/file:{scratch}/out
 * expect: done
 * error: link
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
	if (strcmp(argv[1], "link") == 0)
		return probe_say(symlink("/open", "folder"));
	if (mkdir("folder", 0755) < 0)
		return probe_say(-1);
	int fd = open("folder/file", O_WRONLY | O_CREAT, 0644);
	return probe_say(write(fd, "content", 7));
}
