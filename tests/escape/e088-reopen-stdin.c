/*
 * claim: a file given as stdin, for reading, cannot be opened again for writing
 * layer: landlock
 * stdin: {scratch}/file
 * expect: denied EACCES
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_say(open("/proc/self/fd/0", O_RDWR));
}
