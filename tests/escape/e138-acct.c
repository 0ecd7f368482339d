/*
 * claim: accounting of processes cannot be turned on
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied ENOENT|denied EACCES
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_acct, "/nowhere");
}
