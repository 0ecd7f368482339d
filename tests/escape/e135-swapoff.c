/*
 * claim: no swap can be taken away
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied EFAULT
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_swapoff, NULL);
}
