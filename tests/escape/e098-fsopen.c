/*
 * claim: no file system can be set up by the new calls either
 * layer: seccomp
 * expect: denied EPERM
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_fsopen, "tmpfs", 0);
}
