/*
 * The messages of the Rust Playground's WebSocket: {"type", "payload"?, "meta":{"sequenceNumber"}}.
 * Pure.
 */
#ifndef FRONT_PLAYGROUND_MESSAGE_H
#define FRONT_PLAYGROUND_MESSAGE_H

#include <jansson.h>

#include "base/error.h"

enum playground_message_type {
	PLAYGROUND_CONNECTED,
	PLAYGROUND_EXECUTE_REQUEST,
	PLAYGROUND_EXECUTE_STDIN,
	PLAYGROUND_EXECUTE_STDIN_CLOSE,
	PLAYGROUND_EXECUTE_KILL,
	PLAYGROUND_MESSAGE_TYPES
};

enum { PLAYGROUND_SERVER_SEQUENCE = -1 };

struct playground_message {
	enum playground_message_type type;
	json_int_t sequence;
	const json_t *payload; /* borrowed; NULL when there is none */
	json_t *root;	       /* owned */
};

/*
 * Reads a message. ret_message: playground_message_fini() it. On failure ret_sequence is the
 * message's number when it has one, else -1. Returns 0 or -EINVAL.
 */
int playground_message_read(const char *text, size_t len, struct playground_message *ret_message,
			    json_int_t *ret_sequence, struct error *err);
void playground_message_fini(struct playground_message *message);

/* Is this the greeting a session begins with? */
int playground_message_is_greeting(const struct playground_message *message);

/* Writes a message. take_payload: taken; NULL: none. Returns a new text to free(), or NULL. */
char *playground_message_write(const char *type, json_t *take_payload, json_int_t sequence);

#endif
