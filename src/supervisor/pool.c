#include "supervisor/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "supervisor/host_memory.h"

enum {
	QUIET_USEC = 5 * 1000,	       /* after a request, before the next is made ready */
	BETWEEN_USEC = 1000,	       /* from one to the next */
	RETRY_USEC = 1000 * 1000,      /* after a failure, or with memory short */
	SHRINK_USEC = 5 * 1000 * 1000, /* how often it is looked whether fewer will do */
};

void pool_init(struct pool *pool, struct loop *loop, struct cell_host *host,
	       uint64_t memory_reserve_bytes)
{
	*pool = (struct pool){
		.loop = loop, .host = host, .memory_reserve_bytes = memory_reserve_bytes};
}

static void pool_cell_end(struct pool_cell *ready)
{
	loop_remove(ready->pool->loop, &ready->ended);
	cell_discard(ready->pool->host, &ready->cell);
	ready->is_there = 0;
}

void pool_fini(struct pool *pool)
{
	for (size_t i = 0; i < POOL_CELLS_MAX; i++)
		if (pool->cells[i].is_there)
			pool_cell_end(&pool->cells[i]);
	pool->tick_usec = 0;
}

static void on_ended(struct loop_source *source, uint32_t events)
{
	struct pool_cell *ready = source->owner;

	(void)events;
	log_warning("ready_cell_lost", "profile=%d", (int)ready->profile);
	pool_cell_end(ready);
	ready->pool->tick_usec = clock_monotonic_usec() + RETRY_USEC;
}

static unsigned pool_count(const struct pool *pool, enum cell_profile profile)
{
	unsigned count = 0;

	for (size_t i = 0; i < POOL_CELLS_MAX; i++)
		count += pool->cells[i].is_there && pool->cells[i].profile == profile;
	return count;
}

int pool_take(struct pool *pool, enum cell_profile profile, unsigned image, struct cell *ret_cell)
{
	uint64_t now = clock_monotonic_usec();

	demand_note(&pool->demands[profile], now);
	pool->tick_usec = now + QUIET_USEC;
	for (size_t i = 0; i < POOL_CELLS_MAX; i++) {
		struct pool_cell *ready = &pool->cells[i];
		if (!ready->is_there || ready->profile != profile || ready->image != image)
			continue;
		loop_remove(pool->loop, &ready->ended);
		ready->is_there = 0;
		*ret_cell = ready->cell;
		return 1;
	}
	return 0;
}

void pool_use_image(struct pool *pool, unsigned image)
{
	if (pool->has_image && pool->image == image)
		return;
	pool->image = image;
	pool->has_image = 1;
	for (size_t i = 0; i < POOL_CELLS_MAX; i++)
		if (pool->cells[i].is_there && pool->cells[i].image != image)
			pool_cell_end(&pool->cells[i]);
	pool->tick_usec = clock_monotonic_usec() + QUIET_USEC;
}

static int pool_add(struct pool *pool, enum cell_profile profile)
{
	struct pool_cell *ready = pool->cells;
	struct error err = {0};
	const struct cell_launch launch = {
		.profile = profile,
		.image = pool->image,
		.fail_at_step = -1,
		.limits = profile == CELL_COMPILE ? limits_default_compile() : limits_default_run(),
	};

	while (ready->is_there)
		ready++; /* the targets together are no more than there are places */
	int r = cell_prepare(pool->host, &launch, &ready->cell, &err);
	if (r < 0) {
		log_warning("no_ready_cell", "step=%s error=%d text=%s", err.step, -r, err.text);
		return r;
	}
	ready->pool = pool;
	ready->profile = profile;
	ready->image = pool->image;
	ready->ended = (struct loop_source){ready->cell.pidfd, on_ended, ready};
	r = loop_add(pool->loop, &ready->ended, EPOLLIN);
	if (r < 0)
		cell_discard(pool->host, &ready->cell);
	else
		ready->is_there = 1;
	return r;
}

static void pool_shrink(struct pool *pool, enum cell_profile profile, unsigned to)
{
	unsigned count = pool_count(pool, profile);

	for (size_t i = 0; i < POOL_CELLS_MAX && count > to; i++)
		if (pool->cells[i].is_there && pool->cells[i].profile == profile) {
			pool_cell_end(&pool->cells[i]);
			count--;
		}
}

void pool_tick(struct pool *pool)
{
	uint64_t now = clock_monotonic_usec();
	int is_short = -1, any = 0;

	if (!pool->has_image || !pool->tick_usec || now < pool->tick_usec)
		return;
	for (int profile = 0; profile < CELL_PROFILE_COUNT; profile++) {
		unsigned target = demand_target(&pool->demands[profile], now);
		unsigned count = pool_count(pool, (enum cell_profile)profile);
		if (count < target && is_short < 0)
			is_short = host_memory_is_below(pool->memory_reserve_bytes);
		if (is_short > 0)
			target = 0;
		pool_shrink(pool, (enum cell_profile)profile, target);
		any |= target > 0 || is_short > 0;
		if (count >= target)
			continue;
		int r = pool_add(pool, (enum cell_profile)profile);
		pool->tick_usec = now + (r < 0 ? RETRY_USEC : BETWEEN_USEC);
		return;
	}
	pool->tick_usec = any ? now + (is_short > 0 ? RETRY_USEC : SHRINK_USEC) : 0;
}

uint64_t pool_deadline(const struct pool *pool)
{
	return pool->tick_usec;
}
