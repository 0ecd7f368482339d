/*
 * claim: nor from a file
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
	return probe_call(SYS_kexec_file_load, -1, -1, 0, NULL, ~0UL);
}
