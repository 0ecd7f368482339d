/*
 * claim: ports of the machine cannot be opened
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * absent-if: denied ENOSYS|denied EPERM
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_iopl, 3);
}
