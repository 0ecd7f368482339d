/*
 * claim: there is no userfaultfd
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 * absent-if: denied ENOSYS
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	return probe_say(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */));
}
