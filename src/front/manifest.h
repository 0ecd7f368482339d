/*
 * An image's manifest in memory: which languages, versions, options, crates, and how each is
 * compiled and run. Read once at start from the fd the supervisor hands over; read-only after, so
 * any thread may use it. docs/manifest.md describes the file.
 */
#ifndef FRONT_MANIFEST_H
#define FRONT_MANIFEST_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "front/job.h"

struct manifest; /* owns the parsed JSON */

/* Reads and checks. fd: borrowed. Returns 0, or -EINVAL with the path of what is wrong in it. */
int manifest_read(int fd, struct manifest **ret_manifest, struct error *err);
struct manifest *manifest_free(struct manifest *manifest);

/* The whole document, borrowed, never to be changed: for /api/v1/languages and /meta/… */
const json_t *manifest_json(const struct manifest *manifest);

/* The language object with this id or alias, or NULL. */
const json_t *manifest_language(const struct manifest *manifest, const char *id);

/* What a request comes to: the steps to run and their bundles. */
struct job_plan {
	int has_compile, has_run;
	int compile_bundle_fd; /* sealed, or -EBADF */
	int run_bundle_fd;     /* sealed, or -EBADF */
	int run_takes_artefact;
};

/*
 * Checks a request's language, options, file names and arguments against the manifest and fills the
 * argv templates. Returns 0 with new fds in ret_plan, or -EINVAL naming field, fault and choices.
 */
int manifest_plan(const struct manifest *manifest, const struct job_request *request,
		  struct job_plan *ret_plan, struct error *err);

void job_plan_fini(struct job_plan *plan);

#endif
