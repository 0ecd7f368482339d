/*
 * claim: no module can be removed
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied EFAULT
 * absent-if: denied ENOSYS|denied EPERM
 */
#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_delete_module, NULL, 0);
}
