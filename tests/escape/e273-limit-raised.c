/*
 * claim: no limit can be raised again, not even by the cell's root
 * layer: user-ns
 * expect: denied EPERM
 * alone-with: rlimits
 * control-args: lower
 */
#include <sys/resource.h>

#include "probe.h"

int main(int argc, char **argv)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_max += argc > 1 ? 0 : 1;
	(void)argv;
	return probe_say(setrlimit(RLIMIT_NOFILE, &limit));
}
