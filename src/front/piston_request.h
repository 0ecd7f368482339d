/*
 * What Piston's clients ask for (POST /api/v2/execute), made into what job_submit() takes. Unknown
 * fields are ignored, as its own server does. Pure.
 */
#ifndef FRONT_PISTON_REQUEST_H
#define FRONT_PISTON_REQUEST_H

#include "front/piston_runtime.h"

struct piston_request {
	struct job_request job; /* its client stays NULL */
	struct piston_runtime runtime;
	struct job_file files[JOB_FILES_MAX];
	struct job_option channel;
	const char *args[JOB_ARGS_MAX];
	char names[JOB_FILES_MAX][32]; /* of files that came without */
	char *decoded[JOB_FILES_MAX];  /* owned: contents that came encoded */
};

/*
 * Fills ret_request, which borrows from body and manifest. limits: the server's, by enum step_kind.
 * piston_request_fini() in either case. Returns 0; -EINVAL in Piston's own words where it has some;
 * -E2BIG.
 */
int piston_request_read(const json_t *body, const struct manifest *manifest,
			const struct limits *const limits[STEP_KIND_COUNT],
			struct piston_request *ret_request, struct error *err);
void piston_request_fini(struct piston_request *request);

#endif
