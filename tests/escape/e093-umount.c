/*
 * claim: nothing can be unmounted, so nothing that is covered comes to light
 * layer: seccomp
 * expect: denied EPERM
 */
#include <sys/mount.h>

#include "probe.h"

int main(void)
{
	return probe_say(umount2("/proc", MNT_DETACH));
}
