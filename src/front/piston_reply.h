/*
 * A job's events gathered into the one reply that Piston gives: {"language","version","run",
 * "compile"?}. Pure but for the job's events it is fed.
 */
#ifndef FRONT_PISTON_REPLY_H
#define FRONT_PISTON_REPLY_H

#include <jansson.h>
#include <stddef.h>

#include "front/job.h"
#include "front/utf8.h"

struct piston_text {
	char *data; /* owned */
	size_t len, room;
};

/* One step: what it printed on stdout, on stderr, and on both in the order in which it came. */
struct piston_stage {
	struct piston_text streams[2], both;
	struct utf8_carry carry[2];
};

/* Zero-initialise. */
struct piston_reply {
	struct piston_stage stages[STEP_KIND_COUNT];
	int failed; /* memory ran out */
};

/*
 * The same events one by one, as messages of Piston's WebSocket: "stage" when a step begins, "data"
 * for what it prints, "exit" when it has ended. Zero-initialise but for send and owner.
 */
struct piston_stream {
	void (*send)(struct piston_stream *stream, json_t *take_message);
	void *owner;
	int begun[STEP_KIND_COUNT], ended;
	struct utf8_carry carry[STEP_KIND_COUNT][2];
};

/* Sends what an event comes to; frees its data. */
void piston_stream_event(struct piston_stream *stream, struct job_event *event);

/* Takes one event; frees its data. */
void piston_reply_event(struct piston_reply *reply, struct job_event *event);

/* The reply of a job that has ended so. New reference, or NULL when out of memory. */
json_t *piston_reply_json(const struct piston_reply *reply, const struct job_result *result,
			  const char *language, const char *version);

void piston_reply_fini(struct piston_reply *reply);

#endif
