/*
 * claim: unshare makes no cgroup namespace
 * layer: seccomp
 * expect: denied EPERM
 */
#include <sched.h>

#include "probe.h"

int main(void)
{
	return probe_say(unshare(CLONE_NEWCGROUP));
}
