/*
 * claim: bpf cannot be called
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 * control-expect: denied EFAULT
 * absent-if: denied EPERM|denied ENOSYS
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	/* An attribute nobody can read: whoever gets as far as reading it is past the refusal. */
	return probe_say(syscall(SYS_bpf, 0, NULL, 64));
}
