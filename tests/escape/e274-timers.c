/*
 * claim: timers are limited, and so is what they use up of the host's
 * layer: rlimits
 * expect: denied EAGAIN
 * control-options: --without rlimits
 */
#include <signal.h>
#include <time.h>

#include "probe.h"

int main(void)
{
	timer_t timer;
	int failed = 0;
	struct sigevent none = {.sigev_notify = SIGEV_NONE};

	for (int i = 0; i < 2000 && !failed; i++)
		failed = timer_create(CLOCK_MONOTONIC, &none, &timer) < 0;
	return probe_say(failed ? -1 : 0);
}
