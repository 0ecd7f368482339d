/*
 * A request of the Rust Playground's clients that is answered when its job has ended: read, run,
 * gathered into one reply. Runs on worker threads.
 */
#ifndef FRONT_PLAYGROUND_ANSWER_H
#define FRONT_PLAYGROUND_ANSWER_H

#include <jansson.h>

#include "front/http_request.h"
#include "front/playground_request.h"

struct product;

/* What a job came to. Everything is borrowed. */
struct playground_answer {
	const json_t *body; /* of the request */
	int success;
	const char *detail;	       /* "Exited with status 0" */
	const char *text[2];	       /* stdout, stderr: UTF-8 … */
	size_t len[2];		       /* … of so many bytes */
	const struct product *product; /* of an action that succeeded, else NULL */
};

/* The answer as the reply's own JSON. Returns a new reference, or NULL when out of memory. */
typedef json_t *playground_form(const struct playground_answer *answer);

/* stdout (0) or stderr (1) as a JSON text. New reference. */
json_t *playground_answer_text(const struct playground_answer *answer, int stream);

/* Reads the request with `read`, runs it, replies in this form or with an error. */
void playground_answer(struct http_request *request, playground_reader *read,
		       playground_form *form);

#endif
