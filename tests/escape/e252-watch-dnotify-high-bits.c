/*
 * claim: nor with bits set above 32
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied EINVAL
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_call(SYS_fcntl, open("/open", O_RDONLY | O_DIRECTORY), F_NOTIFY | 1UL << 32,
			  DN_ACCESS | DN_MULTISHOT);
}
