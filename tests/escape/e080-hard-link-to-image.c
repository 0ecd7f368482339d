/*
 * claim: no hard link makes a file of the image appear in a writable folder
 * layer: mounts
 * args: /open/file
 * expect: denied EXDEV
 * control: host
 * control-args: {scratch}/file
 */
#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	return probe_say(link(argv[1], "linked"));
}
