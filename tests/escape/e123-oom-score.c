/*
 * claim: no process can get out of the OOM killer's sight
 * layer: user-ns
 * expect: denied EACCES
 * control: host
 * absent-if: denied EACCES
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);
	return probe_say(fd < 0 ? -1 : write(fd, "-1000", 5));
}
