/*
 * claim: io_uring cannot be entered
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied EBADF
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0);
}
