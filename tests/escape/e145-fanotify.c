/*
 * claim: accesses of others to files cannot be watched
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_fanotify_init, 0, 0);
}
