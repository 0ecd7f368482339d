/*
 * claim: what can be read does not become executable
 * layer: seccomp
 * expect: denied EPERM
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_personality, 0x0400000);
}
