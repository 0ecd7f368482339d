/*
 * One execution of a WebSocket session: a job, and a thread that follows it and sends what comes.
 * Runs in the front end; the session's own thread makes and ends it.
 */
#ifndef FRONT_PLAYGROUND_EXECUTION_H
#define FRONT_PLAYGROUND_EXECUTION_H

#include <jansson.h>

#include "front/http_websocket.h"
#include "front/job.h"
#include "front/playground_cargo.h"

struct execution;

/*
 * Begins to follow a job. take_job: taken, on failure it is ended. socket: borrowed, must outlive
 * the execution. Returns NULL when there is no memory or thread for it.
 */
struct execution *execution_new(struct websocket *socket, struct job *take_job, json_int_t sequence,
				const struct cargo_build *build);

/* Ends it when it still runs: nothing more of it is sent. Joins its thread. NULL-safe; returns
 * NULL. */
struct execution *execution_free(struct execution *execution);

/* Has its last message been sent? */
int execution_has_ended(const struct execution *execution);

json_int_t execution_sequence(const struct execution *execution);
struct job *execution_job(struct execution *execution); /* borrowed */

/* Sends a message. take_payload: taken; NULL: none. A socket that takes none ends by itself. */
void execution_send(struct websocket *socket, const char *type, json_t *take_payload,
		    json_int_t sequence);

/* Sends websocket/error "outer: inner"; outer may be empty. */
void execution_send_error(struct websocket *socket, json_int_t sequence, const char *outer,
			  const char *inner);

#endif
