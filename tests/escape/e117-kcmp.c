/*
 * claim: kernel objects of processes cannot be compared
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied ENOSYS
 */
#include <linux/kcmp.h>

#include "probe.h"

int main(void)
{
	return probe_call(SYS_kcmp, getpid(), getpid(), KCMP_VM, 0, 0);
}
