/*
 * claim: nothing can change its root
 * layer: seccomp
 * expect: denied EPERM
 */
#include "probe.h"

int main(void)
{
	return probe_say(chroot("/tmp"));
}
