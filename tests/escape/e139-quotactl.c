/*
 * claim: disk quotas cannot be touched
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied ENODEV
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_quotactl, 0x800002 << 8, NULL, 0, NULL);
}
