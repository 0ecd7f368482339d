#include "front/rate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { WAYS = 8, NAME_SIZE = 64 };

/* A bucket is kept as the time at which it will be full: what it holds now follows from that. */
struct bucket {
	char client[NAME_SIZE]; /* cut when too long */
	uint64_t full_usec;
};

struct rate {
	struct rate_config config;
	pthread_mutex_t lock;
	struct bucket buckets[RATE_CLIENTS_MAX / WAYS][WAYS];
};

struct rate *rate_new(const struct rate_config *config)
{
	struct rate *rate = calloc(1, sizeof(*rate));

	if (rate) {
		rate->config = *config;
		pthread_mutex_init(&rate->lock, NULL);
	}
	return rate;
}

struct rate *rate_free(struct rate *rate)
{
	if (!rate)
		return NULL;
	pthread_mutex_destroy(&rate->lock);
	free(rate);
	return NULL;
}

/* FNV-1a: whoever makes clients collide makes them forgotten, which gives him nothing. */
static uint32_t hash(const char *text)
{
	uint32_t hash = 2166136261;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619;
	return hash;
}

/* The client's bucket; it may have been another's, who is forgotten. */
static struct bucket *bucket_of(struct rate *rate, const char *client)
{
	struct bucket *set = rate->buckets[hash(client) % (RATE_CLIENTS_MAX / WAYS)];
	struct bucket *fullest = set;

	for (int i = 0; i < WAYS; i++) {
		if (strncmp(set[i].client, client, NAME_SIZE - 1) == 0)
			return &set[i];
		if (set[i].full_usec < fullest->full_usec)
			fullest = &set[i];
	}
	*fullest = (struct bucket){.full_usec = 0};
	strncpy(fullest->client, client, NAME_SIZE - 1);
	return fullest;
}

unsigned rate_take(struct rate *rate, const char *client, const struct rate_config *own,
		   unsigned cost, uint64_t now_usec)
{
	const struct rate_config *config = own ? own : &rate->config;
	uint64_t late = 0;

	if (!config->per_sec || !cost)
		return 0;
	uint64_t room = (uint64_t)config->burst * USEC_PER_SEC / config->per_sec;
	uint64_t wanted = (uint64_t)cost * USEC_PER_SEC / config->per_sec;
	pthread_mutex_lock(&rate->lock);
	struct bucket *bucket = bucket_of(rate, client);
	uint64_t full = bucket->full_usec > now_usec ? bucket->full_usec : now_usec;
	full += wanted < room ? wanted : room;
	if (full > now_usec + room)
		late = full - now_usec - room;
	else
		bucket->full_usec = full;
	pthread_mutex_unlock(&rate->lock);
	return (unsigned)((late + USEC_PER_SEC - 1) / USEC_PER_SEC);
}
