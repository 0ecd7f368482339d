/*
 * claim: the clock cannot be made to run otherwise
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
	return probe_call(SYS_adjtimex, &(struct timex){.modes = ADJ_TICK});
}
