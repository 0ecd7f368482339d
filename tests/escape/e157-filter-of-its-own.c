/*
 * claim: no filter can be added that would hand calls to a listener
 * layer: seccomp
 * expect: denied EPERM
 */
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "probe.h"

int main(void)
{
	struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	struct sock_fprog program = {1, &allow};
	return probe_call(SYS_seccomp, 1, 8 /* listener */, &program);
}
