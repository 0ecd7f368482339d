/*
 * What the Rust Playground's clients ask for, made into what job_submit() takes. Unknown fields are
 * ignored, as its own server does. Pure.
 */
#ifndef FRONT_PLAYGROUND_REQUEST_H
#define FRONT_PLAYGROUND_REQUEST_H

#include <jansson.h>

#include "base/error.h"
#include "front/job.h"
#include "front/playground_cargo.h"

enum { PLAYGROUND_OPTIONS = 9 };

/* Borrows its texts from the JSON. */
struct playground_request {
	struct job_request job; /* its client stays NULL */
	struct job_file files[JOB_FILES_MAX];
	struct job_option options[PLAYGROUND_OPTIONS];
	struct cargo_build build;
};

/*
 * /execute and wsExecuteRequest. Returns 0; -EINVAL when a field is missing or of the wrong kind
 * (400: "Unable to deserialize request"); -EPROTO when a value is none of those there are (500);
 * -E2BIG.
 */
int playground_request_read(const json_t *body, struct playground_request *ret_request,
			    struct error *err);

/* /evaluate.json, likewise. */
int playground_request_read_evaluate(const json_t *body, struct playground_request *ret_request,
				     struct error *err);

/* The tools, which are actions of the language `rust`; likewise. */
typedef int playground_reader(const json_t *body, struct playground_request *ret_request,
			      struct error *err);
playground_reader playground_request_read_compile, playground_request_read_format,
	playground_request_read_clippy, playground_request_read_miri,
	playground_request_read_expansion;

#endif
