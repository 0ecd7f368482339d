/*
 * claim: no process can be made more important than others
 * layer: user-ns
 * expect: denied EACCES
 * control: host
 */
#include <sys/resource.h>

#include "probe.h"

int main(void)
{
	/* Of two children one: the number goes with it. */
	return probe_say(setpriority(PRIO_PROCESS, 0, -5));
}
