/*
 * claim: the kernel's log cannot be read
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_syslog, 3 /* read all */, (char[1024]){0}, 1024);
}
