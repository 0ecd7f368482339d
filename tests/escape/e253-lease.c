/*
 * claim: nobody can hold up who opens a file of the image
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-args: {scratch}/file
 * args: /open/file
 * alone-args: {scratch}/file
 */
#include <fcntl.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	return probe_say(fcntl(open(argv[1], O_RDONLY), F_SETLEASE, F_WRLCK));
}
