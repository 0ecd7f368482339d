/*
 * claim: unshare makes no time namespace
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied EINVAL
 */
#include <sched.h>

#include "probe.h"

int main(void)
{
	return probe_say(unshare(0x00000080 /* CLONE_NEWTIME */));
}
