/*
 * claim: also with bits set above 32
 * layer: seccomp
 * expect: denied EPERM
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_personality, 0x0040000UL | 1UL << 32);
}
