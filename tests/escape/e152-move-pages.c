/*
 * claim: pages cannot be moved between memories
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_move_pages, 0, 0UL, NULL, NULL, NULL, 0);
}
