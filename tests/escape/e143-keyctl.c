/*
 * claim: keyrings cannot be looked at
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -4 /* the user's */, 1);
}
