/*
 * claim: the time of day cannot be set
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied EINVAL
 */
#include <sys/time.h>

#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_settimeofday, NULL, &(struct timezone){.tz_minuteswest = 10000});
}
