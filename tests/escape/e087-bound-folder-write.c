/*
 * claim: a folder shown by --bind cannot be written to, whoever may write there
 * layer: mounts
 * options: --bind {scratch}:bound
 * args: bound/file
 * expect: denied EROFS
 * control: host
 * control-args: {scratch}/file
 */
#include <fcntl.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	return probe_say(open(argv[1], O_WRONLY));
}
