#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/queue.h"

enum { ITEMS = 300 };

#define SEC UINT64_C(1000000)

struct world {
	struct queue queue;
	struct queue_item items[ITEMS];
	unsigned moves;
};

static void world_init(struct world *world, unsigned compile_slots, unsigned run_slots)
{
	struct queue_config config = {
		.total_max = 8,
		.client_max = 4,
		.slots = {compile_slots, run_slots},
		.wait_max_usec = 120 * SEC,
	};
	memset(world, 0, sizeof(*world));
	queue_init(&world->queue, &config);
}

/* Reserves and submits. */
static int put(struct world *world, int i, const char *client, enum step_kind lane, uint64_t now)
{
	int r = queue_reserve(&world->queue, &world->items[i], client);
	if (r == 0)
		queue_submit(&world->queue, &world->items[i], lane, now);
	return r;
}

static int index_of(struct world *world, const struct queue_item *item)
{
	return item ? (int)(item - world->items) : -1;
}

static int lease(struct world *world, enum step_kind lane)
{
	return index_of(world, queue_lease(&world->queue, lane, 0, SEC));
}

static void finish(struct world *world, int i, uint64_t now)
{
	struct queue_item *item = &world->items[i];
	assert_int_equal(queue_finish(&world->queue, item, item->cookie, now), 0);
}

static void world_fini(struct world *world)
{
	for (int i = 0; i < ITEMS; i++) {
		if (world->items[i].state == QUEUE_LEASED)
			finish(world, i, 0);
		else if (world->items[i].state != QUEUE_IDLE)
			queue_cancel(&world->queue, &world->items[i]);
	}
	queue_fini(&world->queue);
}

static void queue_lease_two_clients_take_turns(void **state)
{
	static struct world w;
	static const int expected[] = {0, 3, 1, 4, 2};

	(void)state;
	world_init(&w, 8, 8);
	for (int i = 0; i < 3; i++)
		assert_int_equal(put(&w, i, "a", STEP_COMPILE, 0), 0);
	for (int i = 3; i < 5; i++)
		assert_int_equal(put(&w, i, "b", STEP_COMPILE, 0), 0);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(w.items[expected[i]].position, i + 1);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(lease(&w, STEP_COMPILE), expected[i]);
	assert_int_equal(lease(&w, STEP_COMPILE), -1);
	world_fini(&w);
}

static void queue_lease_newcomer_does_not_wait_behind_a_crowd(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 1);
	for (int i = 0; i < 4; i++)
		put(&w, i, "crowd", STEP_COMPILE, 0);
	assert_int_equal(lease(&w, STEP_COMPILE), 0);
	put(&w, 4, "newcomer", STEP_COMPILE, 0);
	assert_int_equal(w.items[4].position, 2);
	finish(&w, 0, 0);
	assert_int_equal(lease(&w, STEP_COMPILE), 1);
	finish(&w, 1, 0);
	assert_int_equal(lease(&w, STEP_COMPILE), 4);
	world_fini(&w);
}

static void queue_lease_lanes_have_slots_of_their_own(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 1);
	put(&w, 0, "a", STEP_COMPILE, 0);
	put(&w, 1, "a", STEP_COMPILE, 0);
	put(&w, 2, "a", STEP_RUN, 0);
	assert_int_equal(lease(&w, STEP_COMPILE), 0);
	assert_int_equal(lease(&w, STEP_COMPILE), -1);
	assert_int_equal(lease(&w, STEP_RUN), 2);
	assert_int_equal(lease(&w, STEP_RUN), -1);
	finish(&w, 0, 0);
	assert_int_equal(lease(&w, STEP_COMPILE), 1);
	world_fini(&w);
}

static void queue_lease_one_client_cannot_hold_every_run_slot(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 4);
	for (int i = 0; i < 4; i++)
		put(&w, i, "sleeper", STEP_RUN, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(lease(&w, STEP_RUN), i);
	assert_int_equal(lease(&w, STEP_RUN), -1);
	put(&w, 4, "other", STEP_RUN, 0);
	assert_int_equal(lease(&w, STEP_RUN), 4);
	world_fini(&w);
}

static void queue_reserve_full_is_refused(void **state)
{
	static struct world w;
	char client[16];

	(void)state;
	world_init(&w, 1, 1);
	for (int i = 0; i < 8; i++) {
		snprintf(client, sizeof(client), "c%d", i / 2);
		assert_int_equal(put(&w, i, client, STEP_COMPILE, 0), 0);
	}
	assert_int_equal(put(&w, 8, "late", STEP_COMPILE, 0), -EBUSY);
	assert_int_equal(lease(&w, STEP_COMPILE), 0);
	assert_int_equal(put(&w, 8, "late", STEP_COMPILE, 0), 0);
	world_fini(&w);
}

static void queue_reserve_client_over_its_share_is_refused(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(put(&w, i, "greedy", STEP_COMPILE, 0), 0);
	assert_int_equal(put(&w, 4, "greedy", STEP_COMPILE, 0), -EDQUOT);
	assert_int_equal(put(&w, 4, "modest", STEP_COMPILE, 0), 0);
	world_fini(&w);
}

static void queue_reserve_counts_before_submit(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(queue_reserve(&w.queue, &w.items[i], "a"), 0);
	assert_int_equal(queue_reserve(&w.queue, &w.items[4], "a"), -EDQUOT);
	assert_int_equal(lease(&w, STEP_COMPILE), -1);
	assert_int_equal(queue_cancel(&w.queue, &w.items[0]), 0);
	assert_int_equal(queue_reserve(&w.queue, &w.items[4], "a"), 0);
	world_fini(&w);
}

static void queue_drain_refuses_new_and_keeps_old(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 1);
	put(&w, 0, "a", STEP_COMPILE, 0);
	queue_drain(&w.queue);
	assert_int_equal(put(&w, 1, "a", STEP_COMPILE, 0), -ESHUTDOWN);
	assert_int_equal(lease(&w, STEP_COMPILE), 0);
	world_fini(&w);
}

static void queue_advance_waits_again_even_when_full(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 1);
	put(&w, 0, "a", STEP_COMPILE, 0);
	assert_int_equal(lease(&w, STEP_COMPILE), 0);
	for (int i = 1; i < 9; i++)
		assert_int_equal(put(&w, i, i < 5 ? "b" : "c", STEP_COMPILE, 0), 0);
	assert_int_equal(queue_advance(&w.queue, &w.items[0], w.items[0].cookie, STEP_RUN, 1), 0);
	assert_int_equal(w.items[0].state, QUEUE_WAITING);
	assert_int_equal(lease(&w, STEP_RUN), 0);
	assert_int_equal(lease(&w, STEP_COMPILE), 1);
	world_fini(&w);
}

static void queue_finish_stale_cookie_is_refused(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 1);
	put(&w, 0, "a", STEP_COMPILE, 0);
	lease(&w, STEP_COMPILE);
	uint64_t old = w.items[0].cookie;
	assert_int_equal(queue_emit(&w.items[0], old), 0);
	assert_int_equal(queue_advance(&w.queue, &w.items[0], old, STEP_RUN, 0), 0);
	assert_int_equal(queue_finish(&w.queue, &w.items[0], old, 0), -ESTALE);
	lease(&w, STEP_RUN);
	assert_int_not_equal(w.items[0].cookie, old);
	assert_int_equal(queue_emit(&w.items[0], old), -ESTALE);
	assert_int_equal(queue_renew(&w.queue, &w.items[0], old, 9), -ESTALE);
	assert_int_equal(queue_finish(&w.queue, &w.items[0], old, 0), -ESTALE);
	finish(&w, 0, 0);
	assert_int_equal(queue_finish(&w.queue, &w.items[0], 0, 0), -ESTALE);
	world_fini(&w);
}

static void queue_cancel_moves_the_others_up(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 1);
	for (int i = 0; i < 3; i++)
		put(&w, i, "a", STEP_COMPILE, 0);
	assert_int_equal(queue_cancel(&w.queue, &w.items[0]), 0);
	assert_int_equal(w.items[1].position, 1);
	assert_int_equal(w.items[2].position, 2);
	assert_int_equal(queue_cancel(&w.queue, &w.items[0]), -ENOENT);
	assert_int_equal(lease(&w, STEP_COMPILE), 1);
	assert_int_equal(queue_cancel(&w.queue, &w.items[1]), -EBUSY);
	world_fini(&w);
}

static void queue_overdue_finds_waiters_and_leases(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 1);
	put(&w, 0, "a", STEP_COMPILE, 0);
	put(&w, 1, "a", STEP_COMPILE, 5 * SEC);
	assert_int_equal(lease(&w, STEP_COMPILE), 0);
	assert_int_equal(index_of(&w, queue_overdue(&w.queue, SEC)), -1);
	assert_int_equal(index_of(&w, queue_overdue(&w.queue, SEC + 1)), 0);
	assert_int_equal(queue_renew(&w.queue, &w.items[0], w.items[0].cookie, 200 * SEC), 0);
	assert_int_equal(index_of(&w, queue_overdue(&w.queue, 125 * SEC)), -1);
	assert_int_equal(index_of(&w, queue_overdue(&w.queue, 125 * SEC + 1)), 1);
	world_fini(&w);
}

static void queue_retry_sec_follows_the_throughput(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 1);
	assert_in_range(queue_retry_sec(&w.queue, 0), 1, 60);
	for (unsigned i = 0; i < 10; i++) {
		put(&w, 0, "a", STEP_COMPILE, 0);
		lease(&w, STEP_COMPILE);
		finish(&w, 0, i * 2 * SEC);
	}
	for (int i = 0; i < 4; i++)
		put(&w, i, "a", STEP_COMPILE, 0);
	/* One job each 2 s, 4 of them wait. */
	assert_in_range(queue_retry_sec(&w.queue, 20 * SEC), 7, 9);
	world_fini(&w);
}

static void count_move(struct queue_item *item, void *context)
{
	struct world *world = context;
	assert_true(item->position > 0);
	world->moves++;
}

static void queue_watch_tells_only_changes(void **state)
{
	static struct world w;

	(void)state;
	world_init(&w, 1, 1);
	queue_watch(&w.queue, count_move, &w);
	put(&w, 0, "a", STEP_COMPILE, 0);
	put(&w, 1, "a", STEP_COMPILE, 0);
	put(&w, 2, "a", STEP_COMPILE, 0);
	assert_int_equal(w.moves, 3);
	lease(&w, STEP_COMPILE);
	assert_int_equal(w.moves, 5);
	world_fini(&w);
}

/* Anything goes in any order: the bounds hold and positions are a permutation. */
static void queue_random_operations_keep_the_invariants(void **state)
{
	static struct world w;
	unsigned random = 1;
	char client[16];

	(void)state;
	world_init(&w, 2, 5);
	for (unsigned round = 0; round < 200000; round++) {
		random = random * 1103515245 + 12345;
		int i = (int)(random >> 8) % 40;
		struct queue_item *item = &w.items[i];
		enum step_kind lane = random >> 28 & 1;
		snprintf(client, sizeof(client), "%d", i % 5);
		switch (random >> 24 & 7) {
		case 0:
		case 1:
			if (item->state == QUEUE_IDLE)
				put(&w, i, client, lane, round);
			break;
		case 2:
		case 3:
			lease(&w, lane);
			break;
		case 4:
			if (item->state == QUEUE_LEASED && item->lane == STEP_COMPILE)
				queue_advance(&w.queue, item, item->cookie, STEP_RUN, round);
			break;
		case 5:
			queue_finish(&w.queue, item, item->cookie, round);
			break;
		default:
			queue_cancel(&w.queue, item);
			break;
		}
		unsigned waiting[2] = {0, 0}, leased[2] = {0, 0}, sum[2] = {0, 0};
		for (int j = 0; j < 40; j++) {
			waiting[w.items[j].lane] += w.items[j].state == QUEUE_WAITING;
			leased[w.items[j].lane] += w.items[j].state == QUEUE_LEASED;
			sum[w.items[j].lane] += w.items[j].position;
		}
		assert_true(leased[0] <= 2 && leased[1] <= 5);
		assert_int_equal(w.queue.pending, waiting[0] + waiting[1]);
		for (int j = 0; j < 2; j++)
			assert_int_equal(sum[j], waiting[j] * (waiting[j] + 1) / 2);
	}
	world_fini(&w);
}

static void queue_park_keeps_the_place_and_frees_the_slot(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, 1, 1);
	assert_int_equal(put(&world, 0, "a", STEP_COMPILE, 0), 0);
	assert_int_equal(put(&world, 1, "a", STEP_COMPILE, 0), 0);
	assert_int_equal(lease(&world, STEP_COMPILE), 0);
	assert_int_equal(lease(&world, STEP_COMPILE), -1);
	uint64_t cookie = world.items[0].cookie;
	assert_int_equal(queue_park(&world.queue, &world.items[0], cookie, 5), 0);
	assert_int_equal(queue_park(&world.queue, &world.items[0], cookie, 5), -ESTALE);
	assert_int_equal(world.items[0].state, QUEUE_RESERVED);
	assert_int_equal(world.queue.pending, 2);
	assert_int_equal(lease(&world, STEP_COMPILE), 1);
	queue_submit(&world.queue, &world.items[0], STEP_RUN, 6);
	assert_int_equal(lease(&world, STEP_RUN), 0);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_park_keeps_the_place_and_frees_the_slot),
		cmocka_unit_test(queue_lease_two_clients_take_turns),
		cmocka_unit_test(queue_lease_newcomer_does_not_wait_behind_a_crowd),
		cmocka_unit_test(queue_lease_lanes_have_slots_of_their_own),
		cmocka_unit_test(queue_lease_one_client_cannot_hold_every_run_slot),
		cmocka_unit_test(queue_reserve_full_is_refused),
		cmocka_unit_test(queue_reserve_client_over_its_share_is_refused),
		cmocka_unit_test(queue_reserve_counts_before_submit),
		cmocka_unit_test(queue_drain_refuses_new_and_keeps_old),
		cmocka_unit_test(queue_advance_waits_again_even_when_full),
		cmocka_unit_test(queue_finish_stale_cookie_is_refused),
		cmocka_unit_test(queue_cancel_moves_the_others_up),
		cmocka_unit_test(queue_overdue_finds_waiters_and_leases),
		cmocka_unit_test(queue_retry_sec_follows_the_throughput),
		cmocka_unit_test(queue_watch_tells_only_changes),
		cmocka_unit_test(queue_random_operations_keep_the_invariants),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
