/*
 * claim: another process's memory cannot be released
 * layer: seccomp
 * expect: denied EPERM|denied ENOSYS
 * control-expect: denied EBADF
 */
#include "probe.h"

int main(void)
{
	return probe_call(448 /* process_mrelease */, -1, 0);
}
