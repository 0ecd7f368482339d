/*
 * claim: a file left in /dev/shm is not there in the next cell
 * layer: mounts
 * first-args: {pid} leave
 * args: {pid} find
 * expect: denied ENOENT
 * after-args: {pid} remove
 * control: host
 */
#include <fcntl.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	char name[128];

	snprintf(name, sizeof(name), "/dev/shm/sandlot-escape-%s", argv[1]);
	if (strcmp(argv[2], "leave") == 0)
		return probe_say(open(name, O_CREAT | O_RDWR, 0666));

	if (strcmp(argv[2], "remove") == 0)
		return probe_say(unlink(name));
	return probe_say(open(name, O_RDONLY));
}
