/*
 * claim: nor by its newer call
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied EINVAL
 */
#include <sys/timex.h>

#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_clock_adjtime, 0 /* CLOCK_REALTIME */,
			  &(struct timex){.modes = ADJ_TICK});
}
