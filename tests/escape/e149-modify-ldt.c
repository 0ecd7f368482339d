/*
 * claim: no segments can be described
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_modify_ldt, 0, (char[64]){0}, 64UL);
}
