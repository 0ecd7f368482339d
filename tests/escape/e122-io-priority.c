/*
 * claim: the priority of input and output cannot be raised
 * layer: seccomp
 * expect: denied EPERM
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_ioprio_set, 1 /* process */, 0, 2 << 13 /* best effort, highest */);
}
