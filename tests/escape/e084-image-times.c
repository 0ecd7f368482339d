/*
 * claim: the times of a file of the image cannot be set
 * layer: readonly
 * expect: denied EROFS
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "probe.h"

int main(void)
{
	return probe_say(utimensat(AT_FDCWD, "/open/file", NULL, 0));
}
