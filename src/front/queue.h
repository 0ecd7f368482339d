/*
 * The queue of jobs: who runs next. In the front end's memory; the store keeps what must outlive
 * the process. Pure data, no lock and no clock of its own: the service's lock guards it and every
 * `now` is passed in (CLOCK_MONOTONIC, microseconds).
 *
 * A job is reserved (counted, not yet on record), submitted, waits, is leased to whoever runs its
 * step, and is finished; between two steps it advances and waits again. There is one lane of slots
 * for each kind of step. Within a lane clients take turns (round robin), each client's own jobs go
 * first in, first out. A lease has a cookie and expires: what comes under another cookie is refused
 * (-ESTALE).
 *
 * Invariants: an item is in at most one lane; waiting and reserved items of all clients together
 * never exceed total_max by way of queue_reserve(), those of one client never client_max; leased
 * items of a lane never exceed its slots; one client never holds more than three quarters of the
 * run slots, so that sleeping programs of one cannot lock out the others.
 */
#ifndef FRONT_QUEUE_H
#define FRONT_QUEUE_H

#include <stdint.h>
#include <sys/queue.h>

#include "ipc/protocol.h"

enum queue_state { QUEUE_IDLE, QUEUE_RESERVED, QUEUE_WAITING, QUEUE_LEASED };

enum { QUEUE_TOTAL_MAX = 256, QUEUE_CLIENT_MAX = 32, QUEUE_RATE_SAMPLES = 32 };

#define QUEUE_WAIT_MAX_USEC UINT64_C(120000000)

struct queue_client;

/* Embedded in the job. Zero-initialise; the queue alone changes it afterwards, but for owner. */
struct queue_item {
	void *owner;
	struct queue_client *client; /* borrowed from the queue while not idle */
	enum queue_state state;
	enum step_kind lane;
	unsigned position;	     /* while waiting: 1 is next of its lane; else 0 */
	uint64_t waiting_since_usec; /* while waiting */
	uint64_t cookie;	     /* while leased: never used twice */
	uint64_t lease_until_usec;   /* while leased */
	TAILQ_ENTRY(queue_item) in_lane, in_all;
};

TAILQ_HEAD(queue_items, queue_item);
TAILQ_HEAD(queue_ring, queue_client);

/* Called for each waiting item whose position changed. Must not change the queue. */
typedef void queue_moved(struct queue_item *item, void *context);

struct queue_config {
	unsigned total_max, client_max;
	unsigned slots[STEP_KIND_COUNT];
	uint64_t wait_max_usec;
};

struct queue {
	struct queue_config config;
	unsigned used[STEP_KIND_COUNT]; /* leases */
	unsigned pending;		/* reserved and waiting */
	int draining;
	uint64_t last_cookie;
	struct queue_ring clients;		  /* all that hold anything */
	struct queue_ring rings[STEP_KIND_COUNT]; /* those that wait, the next to be served first */
	struct queue_items waiting, leased;	  /* waiting: the longest first */
	queue_moved *moved;
	void *moved_context;
	uint64_t finished_usec[QUEUE_RATE_SAMPLES]; /* ring: when the last jobs finished */
	unsigned finished;			    /* how many ever (wraps far away) */
};

void queue_init(struct queue *queue, const struct queue_config *config);

/* Frees what is left; every item must be idle. */
void queue_fini(struct queue *queue);

/*
 * Takes a place for item, for client (copied). Returns 0, -EBUSY when the queue is full, -EDQUOT
 * when this client's share is, -ESHUTDOWN when the queue is draining, -ENOMEM.
 */
int queue_reserve(struct queue *queue, struct queue_item *item, const char *client);

/* Lets a reserved item wait in a lane. */
void queue_submit(struct queue *queue, struct queue_item *item, enum step_kind lane, uint64_t now);

/*
 * The next item of a lane, now leased until now + lease_usec (item->cookie names the lease), or
 * NULL when none may go: no slot, nobody waiting, or only clients with their full share of run
 * slots.
 */
struct queue_item *queue_lease(struct queue *queue, enum step_kind lane, uint64_t now,
			       uint64_t lease_usec);

/* Moves the end of a lease. Returns 0 or -ESTALE. */
int queue_renew(struct queue *queue, struct queue_item *item, uint64_t cookie, uint64_t until_usec);

/* May the holder of this lease add to the job's events? Returns 0 or -ESTALE. */
int queue_emit(const struct queue_item *item, uint64_t cookie);

/* Ends a lease and keeps the item's place, as if reserved. Returns 0 or -ESTALE. */
int queue_park(struct queue *queue, struct queue_item *item, uint64_t cookie, uint64_t now);

/* Ends a lease and lets the item wait again, for its next step: never refused for lack of room. */
int queue_advance(struct queue *queue, struct queue_item *item, uint64_t cookie,
		  enum step_kind lane, uint64_t now);

/* Ends a lease and the item with it. Returns 0 or -ESTALE. */
int queue_finish(struct queue *queue, struct queue_item *item, uint64_t cookie, uint64_t now);

/* Takes out an item that is reserved or waits. Returns 0, or -EBUSY when it is leased, -ENOENT
 * idle. */
int queue_cancel(struct queue *queue, struct queue_item *item);

/* Calls moved for each item whose position changes from here on. */
void queue_watch(struct queue *queue, queue_moved *moved, void *context);

/* No new items from here on. */
void queue_drain(struct queue *queue);

/* An item that waited longer than wait_max_usec, or whose lease has expired; NULL when there is
 * none. */
struct queue_item *queue_overdue(struct queue *queue, uint64_t now);

/* In how many seconds a refused client should come back (1 to 60), from the recent throughput. */
unsigned queue_retry_sec(const struct queue *queue, uint64_t now);

#endif
