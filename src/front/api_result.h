/* Jobs, their events and results as the JSON of /api/v1: see docs/http.md. Pure. */
#ifndef FRONT_API_RESULT_H
#define FRONT_API_RESULT_H

#include <jansson.h>

#include "front/job.h"
#include "front/utf8.h"

const char *api_step_name(enum step_kind kind, int is_action);

/* New references, or NULL when out of memory. */
json_t *api_state_json(enum job_state state, unsigned position);
json_t *api_step_json(const struct step_result *step, int is_action);
json_t *api_result_json(const char *id, const struct job_result *result,
			const struct product *product);

/* Output on its way to a reader: what each stream has of an unfinished character. Zero-initialise.
 */
struct api_output {
	int is_action;
	struct utf8_carry carry[STEP_KIND_COUNT][2];
};

/*
 * One OUTPUT event's object, or NULL when all of it is held back (*ret_empty is 1) or memory is out
 * (0). event: its data is freed and emptied.
 */
json_t *api_output_json(struct api_output *output, struct job_event *event, int *ret_empty);

/* What is still held back of a stream when its step ends, as api_output_json(). */
json_t *api_output_last_json(struct api_output *output, enum step_kind kind, int stream,
			     int *ret_empty);

#endif
