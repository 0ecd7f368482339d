/*
 * claim: the root cannot be exchanged
 * layer: seccomp
 * expect: denied EPERM
 * control-expect: denied EBUSY|denied EINVAL
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_pivot_root, "/", "/");
}
