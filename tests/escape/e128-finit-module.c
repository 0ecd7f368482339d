/*
 * claim: nor from a file
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied EBADF
 * absent-if: denied ENOSYS|denied EPERM
 */
#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_finit_module, -1, "", 0);
}
