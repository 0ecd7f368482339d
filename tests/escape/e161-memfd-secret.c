/*
 * claim: no memory can be hidden from the kernel's own eyes
 * layer: seccomp
 * expect: denied EPERM|denied ENOSYS
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	return probe_call(447 /* memfd_secret */, 0);
}
