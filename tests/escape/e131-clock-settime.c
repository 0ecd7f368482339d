/*
 * claim: the clock cannot be set
 * layer: seccomp
 * vm: it sets the clock
 * expect: denied EPERM
 * control: host
 */
#include <time.h>

#include "probe.h"

int main(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return probe_say(clock_settime(CLOCK_REALTIME, &now));
}
