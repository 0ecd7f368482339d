/*
 * claim: nothing can be registered with io_uring
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied EBADF|denied EINVAL
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_io_uring_register, -1, 0, NULL, 0);
}
