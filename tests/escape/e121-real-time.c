/*
 * claim: no process can become a real-time one
 * layer: user-ns
 * expect: denied EPERM
 * control: host
 */
#include <sched.h>

#include "probe.h"

int main(void)
{
	return probe_say(
		sched_setscheduler(0, SCHED_RR, &(struct sched_param){.sched_priority = 1}));
}
