/*
 * claim: no process can be named that may trace
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied EINVAL
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_prctl, 0x59616d61 /* PR_SET_PTRACER */, -1L, 0, 0, 0);
}
