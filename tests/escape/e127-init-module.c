/*
 * claim: no module can be loaded
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied ENOEXEC
 * absent-if: denied ENOSYS|denied EPERM
 */
#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_init_module, NULL, 0, "");
}
