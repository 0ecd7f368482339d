/*
 * claim: no mounted file system can be set up anew
 * layer: seccomp
 * expect: denied EPERM
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_call(SYS_fspick, AT_FDCWD, "/proc", 0);
}
