/*
 * claim: pid 1 cannot be moved to other processors
 * layer: uid-drop
 * expect: denied EPERM
 */
#include <sched.h>

#include "probe.h"

int main(void)
{
	cpu_set_t set;
	sched_getaffinity(0, sizeof(set), &set);
	return probe_say(sched_setaffinity(1, sizeof(set), &set));
}
