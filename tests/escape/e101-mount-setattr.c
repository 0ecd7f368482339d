/*
 * claim: no mount can be given other attributes
 * layer: seccomp
 * expect: denied EPERM
 */
#include <fcntl.h>
#include <linux/mount.h>

#include "probe.h"

int main(void)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID};
	return probe_call(SYS_mount_setattr, AT_FDCWD, "/proc", 0, &attributes, sizeof(attributes));
}
