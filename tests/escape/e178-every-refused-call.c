/*
 * claim: every call that is not for programs is refused, whatever its arguments
 * layer: seccomp
 * expect: all refused
 * control-options: --without seccomp
 * control-expect-not: all refused
 */
#include "probe.h"

static const long calls[] = {PROBE_REFUSED_CALLS};

int main(void)
{
	int refused = 1;

	/* All ones, and a small number with the upper half set: what is compared must be masked. */
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int plain = probe_child_call(calls[i], -1),
		    high = probe_child_call(calls[i], 1L << 32);
		if ((plain == EPERM || plain == ENOSYS) && (high == EPERM || high == ENOSYS))
			continue;
		refused = 0;
		printf("%ld: %s %s\n", calls[i], probe_errno_name(plain), probe_errno_name(high));
	}
	if (refused)
		puts("all refused");
	return 0;
}
