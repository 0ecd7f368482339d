/*
 * claim: a forbidden prctl stays forbidden with bits set above 32
 * layer: seccomp
 * expect: denied EPERM
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_prctl, 8UL /* PR_SET_KEEPCAPS */ | 1UL << 32, 0, 0, 0, 0);
}
