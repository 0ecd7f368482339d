/*
 * claim: no policy of memories can be set
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_set_mempolicy, 0, NULL, 0UL);
}
