/*
 * Not an attack by itself: makes timers, each of which is a pending signal of its user's, and holds
 * them until its stdin ends.
 */
#include <signal.h>
#include <time.h>

#include "probe.h"

int main(void)
{
	struct sigevent none = {.sigev_notify = SIGEV_NONE};
	timer_t timer;
	char byte;

	for (int i = 0; i < 1000; i++)
		if (timer_create(CLOCK_MONOTONIC, &none, &timer) < 0)
			return 1;
	puts("made");
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
}
