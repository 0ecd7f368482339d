/*
 * claim: nor by the older way
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied EINVAL
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_say(
		fcntl(open("/open", O_RDONLY | O_DIRECTORY), F_NOTIFY, DN_ACCESS | DN_MULTISHOT));
}
