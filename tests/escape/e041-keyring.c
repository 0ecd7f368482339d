/*
 * claim: keyrings cannot be used
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
	return probe_say(syscall(SYS_add_key, "user", "probe", "x", 1, -2 /* the process's own */));
}
