/*
 * claim: no mount can be moved
 * layer: seccomp
 * expect: denied EPERM
 * control-expect: denied EBADF|denied ENOENT|denied EINVAL
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_move_mount, -1, "", -1, "", 4 /* MOVE_MOUNT_F_EMPTY_PATH */);
}
