/* What the readers of playground_request.c and playground_request_action.c share. */
#ifndef FRONT_PLAYGROUND_REQUEST_INTERNAL_H
#define FRONT_PLAYGROUND_REQUEST_INTERNAL_H

#include "front/playground_request.h"

/* What a request chooses. Those that are NULL are not looked at and not passed on. */
struct playground_choice {
	const char *channel, *mode, *edition, *crate_type;
	int tests, backtrace;
};

/* Is value one of the choices, which end with NULL? Returns 0, or -EPROTO naming it: "'x' is not a
 * valid WHAT". */
int playground_check_choice(const char *value, const char *const *choices, const char *what,
			    struct error *err);

/* All members at once. */
int playground_choice_check(const struct playground_choice *choice, struct error *err);

/* Adds an option of the language `rust`. value: NULL is none. */
void playground_add_option(struct playground_request *request, const char *name, const char *value);

/* Fills request->job and ->build, but for files and action. */
void playground_choice_apply(const struct playground_choice *choice,
			     struct playground_request *request);

/* The seven fields of /execute, into request and ret_choice; not yet checked, not applied. */
int playground_read_fields(const json_t *body, struct playground_request *request,
			   struct playground_choice *ret_choice, struct error *err);

/* `code`: a text, or an array of named files, of which src/main.rs, else src/lib.rs, else the first
 * is the main one. */
int playground_read_code(const json_t *body, struct playground_request *request, struct error *err);

#endif
