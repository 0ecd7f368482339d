/*
 * claim: addresses stay random
 * layer: seccomp
 * expect: denied EPERM
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_personality, 0x0040000);
}
