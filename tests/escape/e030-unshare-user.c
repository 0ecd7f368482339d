/*
 * claim: no user namespace can be made
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 */
#include <sched.h>

#include "probe.h"

int main(void)
{
	return probe_say(unshare(CLONE_NEWUSER));
}
