/*
 * claim: no namespace can be entered by its file
 * layer: seccomp
 * expect: denied EPERM
 */
#include <fcntl.h>
#include <sched.h>

#include "probe.h"

int main(void)
{
	return probe_say(setns(open("/proc/self/ns/pid", O_RDONLY), CLONE_NEWPID));
}
