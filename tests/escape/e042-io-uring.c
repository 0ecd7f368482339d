/*
 * claim: there is no io_uring
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 * absent-if: denied ENOSYS|denied EPERM
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	char params[128] = {0};
	return probe_say(syscall(SYS_io_uring_setup, 4, params));
}
