/*
 * claim: signals that wait are limited
 * layer: rlimits
 * expect: denied EAGAIN
 * control-options: --without rlimits
 */
#include <signal.h>

#include "probe.h"

int main(void)
{
	sigset_t all;
	int failed = 0;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 0; i < 2000 && !failed; i++)
		failed = sigqueue(getpid(), SIGRTMIN, (union sigval){0}) < 0;
	return probe_say(failed ? -1 : 0);
}
