/* What every unit test includes: cmocka and the headers it wants before it, and seeded random
 * bytes. */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* xorshift64*: the same bytes on every machine, so that a failure can be had again. */
static inline uint64_t unit_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

/* Below bound, which is above 0. */
static inline size_t unit_random_below(uint64_t *state, size_t bound)
{
	return (size_t)(unit_random(state) >> 11) % bound;
}

#endif
