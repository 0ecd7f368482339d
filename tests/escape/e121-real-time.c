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
	const struct sched_param param = {.sched_priority = 1};
	return probe_call(SYS_sched_setscheduler, 0, SCHED_RR, &param);
}
