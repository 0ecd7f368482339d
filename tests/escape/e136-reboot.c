/*
 * claim: nothing can be restarted
 * layer: seccomp
 * expect: denied EPERM
 * control: host
 * control-expect: denied EINVAL
 */
#include "probe.h"

int main(void)
{
	/* With arguments that are wrong: whoever is told so is past the refusal. */
	return probe_call(SYS_reboot, 0, 0, 0, NULL);
}
