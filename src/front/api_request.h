/*
 * A job request as /api/v1 writes it in JSON, made into what job_submit() takes. Strict: unknown
 * keys are refused. Whether language and options exist is the manifest's to say. Pure.
 */
#ifndef FRONT_API_REQUEST_H
#define FRONT_API_REQUEST_H

#include <jansson.h>

#include "base/error.h"
#include "front/job.h"
#include "front/json_read.h"

/* Room for what a struct job_request points to. Borrows its texts from the JSON. */
struct api_request {
	struct job_request job;
	struct job_file files[JOB_FILES_MAX];
	struct job_option options[JOB_OPTIONS_MAX];
	const char *args[JOB_ARGS_MAX];
};

/*
 * Fills ret_request (its client stays NULL) from the body. body: borrowed, must outlive
 * ret_request. Returns 0, -EINVAL with a text that names field, fault and what is allowed, or
 * -E2BIG when the sources together are too large.
 */
int api_request_read(const json_t *body, struct api_request *ret_request, struct error *err);

/* The files of a request: "code" (a text) or "files" ({"name","content"} each). */
int api_request_read_file(const json_t *file, const char *where, enum json_need name_need,
			  struct job_file *ret_file, struct error *err);

/* Are the files together within JOB_SOURCE_MAX? Returns 0 or -E2BIG. */
int api_request_check_size(const struct job_file *files, size_t count, struct error *err);

#endif
