/*
 * claim: the ancient call that shuffles pages is not there
 * layer: seccomp
 * expect: denied EPERM
 * control-expect: denied EINVAL
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_remap_file_pages, NULL, 4096UL, 0, 0UL, 0);
}
