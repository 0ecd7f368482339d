/*
 * claim: pid 1's limits cannot be read or set
 * layer: seccomp
 * expect: denied EPERM
 */
#include <sys/resource.h>

#include "probe.h"

int main(void)
{
	struct rlimit limit;
	return probe_say(prlimit(1, RLIMIT_NOFILE, NULL, &limit));
}
