/*
 * claim: the name of the machine cannot be set
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp --without uid-drop
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_sethostname, "x", 1);
}
