/*
 * claim: no key can be asked for, which would run a program of the host
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied ENOKEY
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_request_key, "user", "sandlot-probe", NULL, 0);
}
