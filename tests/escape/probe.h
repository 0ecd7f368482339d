/*
 * What the attacks have in common: each prints one line, "done" when it got through or "denied
 * ERRNO", and exits 0. What should hold is in the comment on top of each file; tests/escape/run
 * reads it.
 */
#ifndef TESTS_ESCAPE_PROBE_H
#define TESTS_ESCAPE_PROBE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* result: what the attack's call returned; negative with errno set when it failed. Returns 0. */
static inline int probe_say(long result)
{
	if (result < 0)
		printf("denied %s\n", strerrorname_np(errno));
	else
		puts("done");
	return 0;
}

#endif
