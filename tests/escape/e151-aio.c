/*
 * claim: the old asynchronous input and output is not there
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_io_setup, 1, &(unsigned long){0});
}
