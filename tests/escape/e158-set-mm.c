/*
 * claim: the boundaries of memory cannot be moved
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied EBADF|denied EINVAL|denied EFAULT
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_prctl, 35 /* PR_SET_MM */, 15 /* exe file */, -1, 0, 0);
}
