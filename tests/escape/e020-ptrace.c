/*
 * claim: nothing can be traced
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp
 */
#include <sys/ptrace.h>

#include "probe.h"

int main(void)
{
	return probe_say(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}
