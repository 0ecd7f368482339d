/*
 * How many cells to keep ready, from how many were wanted lately. Pure: the time is the caller's.
 */
#ifndef SUPERVISOR_POOL_DEMAND_H
#define SUPERVISOR_POOL_DEMAND_H

#include <stdint.h>

enum {
	POOL_WINDOW_SEC = 1,
	POOL_WINDOWS = 10,   /* the busiest of the last ten seconds counts */
	POOL_IDLE_SEC = 120, /* with nothing wanted for so long, none is kept */
	POOL_TARGET_MAX = 6,
};

struct pool_demand {
	uint64_t window;	       /* number of the newest window */
	unsigned wanted[POOL_WINDOWS]; /* by window number modulo POOL_WINDOWS */
	uint64_t last_usec;	       /* when one was last wanted; 0: never */
};

/* One was wanted. now: CLOCK_MONOTONIC, not 0, as everywhere here. */
void pool_demand_note(struct pool_demand *demand, uint64_t now_usec);

/* How many to have ready: 0…POOL_TARGET_MAX; at least one until POOL_IDLE_SEC after the last. */
unsigned pool_demand_target(struct pool_demand *demand, uint64_t now_usec);

#endif
