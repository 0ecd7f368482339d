/*
 * How many cells to keep ready, from how many were wanted lately. Pure: the time is the caller's.
 */
#ifndef BASE_DEMAND_H
#define BASE_DEMAND_H

#include <stdint.h>

enum {
	DEMAND_WINDOW_SEC = 1,
	DEMAND_WINDOWS = 10,   /* the busiest of the last ten seconds counts */
	DEMAND_IDLE_SEC = 120, /* with nothing wanted for so long, none is kept */
	DEMAND_TARGET_MAX = 6,
};

struct demand {
	uint64_t window;		 /* number of the newest window */
	unsigned wanted[DEMAND_WINDOWS]; /* by window number modulo DEMAND_WINDOWS */
	uint64_t last_usec;		 /* when one was last wanted; 0: never */
};

/* One was wanted. now: CLOCK_MONOTONIC, not 0, as everywhere here. */
void demand_note(struct demand *demand, uint64_t now_usec);

/* How many to have ready: 0…DEMAND_TARGET_MAX; at least one until DEMAND_IDLE_SEC after the last.
 */
unsigned demand_target(struct demand *demand, uint64_t now_usec);

#endif
