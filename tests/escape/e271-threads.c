/*
 * claim: threads are limited as processes are
 * layer: cgroup
 * options: --limit processes=20
 * expect: denied EAGAIN
 * control-options: --limit processes=20 --without rlimits --without cgroup
 */
#include <pthread.h>

#include "probe.h"

static void *wait_for_ever(void *unused)
{
	pause();
	return unused;
}

int main(void)
{
	for (int i = 0; i < 100; i++) {
		pthread_t thread;
		errno = pthread_create(&thread, NULL, wait_for_ever, NULL);
		if (errno)
			return probe_say(-1);
	}
	return probe_say(0);
}
