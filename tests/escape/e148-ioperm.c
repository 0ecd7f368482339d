/*
 * claim: nor one by one
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * absent-if: denied ENOSYS|denied EPERM
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_ioperm, 0x80, 1, 1);
}
