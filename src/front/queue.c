#include "front/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"

enum { RETRY_SEC_MAX = 60, RETRY_SEC_UNKNOWN = 3 };

struct queue_client {
	char *name;
	unsigned items;	  /* everything it holds: the client goes with the last */
	unsigned pending; /* reserved and waiting */
	unsigned leased[STEP_KIND_COUNT];
	struct queue_items lanes[STEP_KIND_COUNT];
	struct queue_item *walk; /* used within queue_rank() only */
	TAILQ_ENTRY(queue_client) in_all, in_ring[STEP_KIND_COUNT];
};

void queue_init(struct queue *queue, const struct queue_config *config)
{
	*queue = (struct queue){.config = *config};
	TAILQ_INIT(&queue->clients);
	TAILQ_INIT(&queue->waiting);
	TAILQ_INIT(&queue->leased);
	for (int lane = 0; lane < STEP_KIND_COUNT; lane++)
		TAILQ_INIT(&queue->rings[lane]);
}

void queue_fini(struct queue *queue)
{
	assert(TAILQ_EMPTY(&queue->waiting) && TAILQ_EMPTY(&queue->leased));
	assert(TAILQ_EMPTY(&queue->clients));
}

void queue_watch(struct queue *queue, queue_moved *moved, void *context)
{
	queue->moved = moved;
	queue->moved_context = context;
}

void queue_drain(struct queue *queue)
{
	queue->draining = 1;
}

/* Writes the positions of a lane anew: one item of each client a round, in the ring's order. */
static void queue_rank(struct queue *queue, enum step_kind lane)
{
	struct queue_client *client;
	unsigned position = 0, before;

	TAILQ_FOREACH (client, &queue->rings[lane], in_ring[lane])
		client->walk = TAILQ_FIRST(&client->lanes[lane]);
	do {
		before = position;
		TAILQ_FOREACH (client, &queue->rings[lane], in_ring[lane]) {
			struct queue_item *item = client->walk;
			if (!item)
				continue;
			client->walk = TAILQ_NEXT(item, in_lane);
			if (item->position == ++position)
				continue;
			item->position = position;
			if (queue->moved)
				queue->moved(item, queue->moved_context);
		}
	} while (position != before);
}

static struct queue_client *client_get(struct queue *queue, const char *name)
{
	struct queue_client *client;

	TAILQ_FOREACH (client, &queue->clients, in_all)
		if (strcmp(client->name, name) == 0)
			return client;
	client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	client->name = strdup(name);
	if (!client->name) {
		free(client);
		return NULL;
	}
	for (int lane = 0; lane < STEP_KIND_COUNT; lane++)
		TAILQ_INIT(&client->lanes[lane]);
	TAILQ_INSERT_TAIL(&queue->clients, client, in_all);
	return client;
}

static void item_release(struct queue *queue, struct queue_item *item)
{
	struct queue_client *client = item->client;

	item->client = NULL;
	item->state = QUEUE_IDLE;
	if (--client->items > 0)
		return;
	TAILQ_REMOVE(&queue->clients, client, in_all);
	free(client->name);
	free(client);
}

int queue_reserve(struct queue *queue, struct queue_item *item, const char *name)
{
	assert(item->state == QUEUE_IDLE);
	if (queue->draining)
		return -ESHUTDOWN;
	if (queue->pending >= queue->config.total_max)
		return -EBUSY;
	struct queue_client *client = client_get(queue, name);
	if (!client)
		return -ENOMEM;
	/* A client that holds pending items holds items: nothing is left behind here. */
	if (client->pending >= queue->config.client_max)
		return -EDQUOT;
	client->items++;
	client->pending++;
	queue->pending++;
	item->client = client;
	item->state = QUEUE_RESERVED;
	return 0;
}

static void item_wait(struct queue *queue, struct queue_item *item, enum step_kind lane,
		      uint64_t now)
{
	struct queue_client *client = item->client;

	item->state = QUEUE_WAITING;
	item->lane = lane;
	item->position = 0;
	item->waiting_since_usec = now;
	if (TAILQ_EMPTY(&client->lanes[lane]))
		TAILQ_INSERT_TAIL(&queue->rings[lane], client, in_ring[lane]);
	TAILQ_INSERT_TAIL(&client->lanes[lane], item, in_lane);
	TAILQ_INSERT_TAIL(&queue->waiting, item, in_all);
	queue_rank(queue, lane);
}

void queue_submit(struct queue *queue, struct queue_item *item, enum step_kind lane, uint64_t now)
{
	assert(item->state == QUEUE_RESERVED);
	item_wait(queue, item, lane, now);
}

/* Takes a waiting item out of its lane. turn: its client has had its turn and goes to the end. */
static void item_unwait(struct queue *queue, struct queue_item *item, int turn)
{
	struct queue_client *client = item->client;
	enum step_kind lane = item->lane;

	TAILQ_REMOVE(&queue->waiting, item, in_all);
	TAILQ_REMOVE(&client->lanes[lane], item, in_lane);
	if (turn || TAILQ_EMPTY(&client->lanes[lane]))
		TAILQ_REMOVE(&queue->rings[lane], client, in_ring[lane]);
	if (turn && !TAILQ_EMPTY(&client->lanes[lane]))
		TAILQ_INSERT_TAIL(&queue->rings[lane], client, in_ring[lane]);
	item->position = 0;
	client->pending--;
	queue->pending--;
}

/* Compile slots need no such share: compilers do not sleep and are not interactive. */
static unsigned client_slots(const struct queue *queue, enum step_kind lane)
{
	unsigned slots = queue->config.slots[lane];
	return lane == STEP_RUN ? slots - slots / 4 : slots;
}

struct queue_item *queue_lease(struct queue *queue, enum step_kind lane, uint64_t now,
			       uint64_t lease_usec)
{
	struct queue_client *client;

	if (queue->used[lane] >= queue->config.slots[lane])
		return NULL;
	TAILQ_FOREACH (client, &queue->rings[lane], in_ring[lane])
		if (client->leased[lane] < client_slots(queue, lane))
			break;
	if (!client)
		return NULL;

	struct queue_item *item = TAILQ_FIRST(&client->lanes[lane]);
	item_unwait(queue, item, 1);
	item->state = QUEUE_LEASED;
	item->cookie = ++queue->last_cookie;
	item->lease_until_usec = now + lease_usec;
	client->leased[lane]++;
	queue->used[lane]++;
	TAILQ_INSERT_TAIL(&queue->leased, item, in_all);
	queue_rank(queue, lane);
	return item;
}

int queue_emit(const struct queue_item *item, uint64_t cookie)
{
	return item->state == QUEUE_LEASED && item->cookie == cookie ? 0 : -ESTALE;
}

int queue_renew(struct queue *queue, struct queue_item *item, uint64_t cookie, uint64_t until_usec)
{
	(void)queue;
	int r = queue_emit(item, cookie);
	if (r == 0)
		item->lease_until_usec = until_usec;
	return r;
}

static void item_unlease(struct queue *queue, struct queue_item *item)
{
	TAILQ_REMOVE(&queue->leased, item, in_all);
	item->client->leased[item->lane]--;
	queue->used[item->lane]--;
	item->cookie = 0;
}

int queue_park(struct queue *queue, struct queue_item *item, uint64_t cookie, uint64_t now)
{
	int r = queue_emit(item, cookie);
	if (r < 0)
		return r;
	item_unlease(queue, item);
	item->client->pending++;
	queue->pending++;
	item->state = QUEUE_RESERVED;
	item->waiting_since_usec = now;
	return 0;
}

int queue_advance(struct queue *queue, struct queue_item *item, uint64_t cookie,
		  enum step_kind lane, uint64_t now)
{
	int r = queue_park(queue, item, cookie, now);
	if (r == 0)
		item_wait(queue, item, lane, now);
	return r;
}

int queue_finish(struct queue *queue, struct queue_item *item, uint64_t cookie, uint64_t now)
{
	int r = queue_emit(item, cookie);
	if (r < 0)
		return r;
	item_unlease(queue, item);
	item_release(queue, item);
	queue->finished_usec[queue->finished++ % QUEUE_RATE_SAMPLES] = now;
	return 0;
}

int queue_cancel(struct queue *queue, struct queue_item *item)
{
	enum step_kind lane = item->lane;

	switch (item->state) {
	case QUEUE_IDLE:
		return -ENOENT;
	case QUEUE_LEASED:
		return -EBUSY;
	case QUEUE_RESERVED:
		item->client->pending--;
		queue->pending--;
		item_release(queue, item);
		return 0;
	case QUEUE_WAITING:
		break;
	}
	item_unwait(queue, item, 0);
	item_release(queue, item);
	queue_rank(queue, lane);
	return 0;
}

struct queue_item *queue_overdue(struct queue *queue, uint64_t now)
{
	struct queue_item *item = TAILQ_FIRST(&queue->waiting);

	if (item && now > item->waiting_since_usec + queue->config.wait_max_usec)
		return item;
	TAILQ_FOREACH (item, &queue->leased, in_all)
		if (now > item->lease_until_usec)
			return item;
	return NULL;
}

/* Samples older than the longest answer say nothing about now. */
unsigned queue_retry_sec(const struct queue *queue, uint64_t now)
{
	unsigned samples = 0;
	uint64_t oldest = now;

	while (samples < QUEUE_RATE_SAMPLES && samples < queue->finished) {
		unsigned at = (queue->finished - 1 - samples) % QUEUE_RATE_SAMPLES;
		if (now - queue->finished_usec[at] > RETRY_SEC_MAX * USEC_PER_SEC)
			break;
		oldest = queue->finished_usec[at];
		samples++;
	}
	if (samples < 2)
		return RETRY_SEC_UNKNOWN;
	uint64_t each_usec = (now - oldest) / samples;
	uint64_t sec = (each_usec * queue->pending + USEC_PER_SEC - 1) / USEC_PER_SEC;
	return sec < 1 ? 1 : sec > RETRY_SEC_MAX ? RETRY_SEC_MAX : (unsigned)sec;
}
