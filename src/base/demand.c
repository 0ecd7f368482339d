#include "base/demand.h"

#include <string.h>

#include "base/clock.h"

/* Forgets the windows that have passed since the newest one noted. */
static void move_on(struct demand *demand, uint64_t now_usec)
{
	uint64_t window = now_usec / (DEMAND_WINDOW_SEC * USEC_PER_SEC);

	if (window - demand->window >= DEMAND_WINDOWS)
		memset(demand->wanted, 0, sizeof(demand->wanted));
	for (uint64_t i = demand->window + 1; i <= window && i <= demand->window + DEMAND_WINDOWS;
	     i++)
		demand->wanted[i % DEMAND_WINDOWS] = 0;
	demand->window = window;
}

void demand_note(struct demand *demand, uint64_t now_usec)
{
	move_on(demand, now_usec);
	demand->wanted[demand->window % DEMAND_WINDOWS]++;
	demand->last_usec = now_usec;
}

unsigned demand_target(struct demand *demand, uint64_t now_usec)
{
	unsigned most = 1;

	if (!demand->last_usec || now_usec - demand->last_usec >= DEMAND_IDLE_SEC * USEC_PER_SEC)
		return 0;
	move_on(demand, now_usec);
	for (int i = 0; i < DEMAND_WINDOWS; i++)
		if (demand->wanted[i] > most)
			most = demand->wanted[i];
	return most < DEMAND_TARGET_MAX ? most : DEMAND_TARGET_MAX;
}
