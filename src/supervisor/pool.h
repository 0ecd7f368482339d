/*
 * Cells made ready before they are wanted, off the way of requests: their namespaces, mounts and
 * cgroup folders are there, and no job has been near them. Each serves one step. Runs in the
 * supervisor's loop. Without a ready cell a step's own is made at once.
 */
#ifndef SUPERVISOR_POOL_H
#define SUPERVISOR_POOL_H

#include "base/loop.h"
#include "sandbox/sandbox.h"
#include "base/demand.h"

enum { POOL_CELLS_MAX = DEMAND_TARGET_MAX * CELL_PROFILE_COUNT };

struct pool_cell {
	struct pool *pool;
	int is_there;
	enum cell_profile profile;
	unsigned image;
	struct cell cell;
	struct loop_source ended; /* its pidfd: it died while it waited */
};

struct pool {
	struct loop *loop;	       /* borrowed */
	struct cell_host *host;	       /* borrowed */
	uint64_t memory_reserve_bytes; /* of the host's, below which none is kept */
	unsigned image; /* on which cells are made ready; none before pool_use_image() */
	int has_image;
	struct pool_cell cells[POOL_CELLS_MAX];
	struct demand demands[CELL_PROFILE_COUNT];
	uint64_t tick_usec; /* when pool_tick() has something to do; 0: never */
};

/* Nothing is ready at first. */
void pool_init(struct pool *pool, struct loop *loop, struct cell_host *host,
	       uint64_t memory_reserve_bytes);

/* Ends all. */
void pool_fini(struct pool *pool);

/*
 * A step wants a cell: notes that, and takes a ready one if there is one. Returns 1 with the cell,
 * to be given a job by cell_begin(), or 0.
 */
int pool_take(struct pool *pool, enum cell_profile profile, unsigned image, struct cell *ret_cell);

/* The image that new steps will be on: ends the cells on another. It must stay until the next. */
void pool_use_image(struct pool *pool, unsigned image);

/*
 * Makes one ready, or ends what is more than wanted. To be called after each round of the loop;
 * does nothing before the deadline, which is kept a little behind the last request.
 */
void pool_tick(struct pool *pool);

/* When pool_tick() is to be called at the latest (CLOCK_MONOTONIC); 0: there is no need to. */
uint64_t pool_deadline(const struct pool *pool);

#endif
