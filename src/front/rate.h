/*
 * How much one client may ask for: a token bucket for each (RFC 2698 has the idea). Bounded memory:
 * when there are more clients than room, those that have been quiet the longest are forgotten,
 * which makes their buckets full. Any thread.
 */
#ifndef FRONT_RATE_H
#define FRONT_RATE_H

#include <stdint.h>

enum { RATE_CLIENTS_MAX = 8192 };

struct rate_config {
	unsigned per_sec; /* tokens a client gets in a second; 0: no limit */
	unsigned burst;	  /* tokens a quiet client has at most */
};

struct rate;

struct rate *rate_new(const struct rate_config *config); /* NULL when out of memory */
struct rate *rate_free(struct rate *rate);		 /* NULL-safe, returns NULL */

/*
 * Takes cost tokens (or all a bucket holds, when that is less than one may cost) of a client's.
 * own: what this client may, or NULL: as all. now_usec: CLOCK_MONOTONIC. Returns 0; or in how many
 * seconds it will do, at least 1, and takes nothing.
 */
unsigned rate_take(struct rate *rate, const char *client, const struct rate_config *own,
		   unsigned cost, uint64_t now_usec);

#endif
