/*
 * claim: dcookies cannot be looked up
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied EINVAL
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_lookup_dcookie, 0UL, NULL, 0UL);
}
