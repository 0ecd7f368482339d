/*
 * claim: no pages can be given to a pipe
 * layer: seccomp
 * expect: denied EPERM
 * control-expect: denied EBADF
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_vmsplice, -1, NULL, 0, 0);
}
