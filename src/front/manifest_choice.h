/* What a request chooses of the manifest: manifest_choose.c checks, manifest_plan.c fills
 * templates. */
#ifndef FRONT_MANIFEST_CHOICE_H
#define FRONT_MANIFEST_CHOICE_H

#include "front/manifest_internal.h"

/* The context of all templates. Everything is borrowed. */
struct choice {
	const json_t *language;
	const json_t *options; /* of the language; NULL: none */
	const struct job_request *request;
	const char *main_file;
	struct error *err;
};

/* Checks language, options, files and arguments. Returns 0, -EINVAL or -E2BIG with a text. */
int choice_make(const struct manifest *manifest, const struct job_request *request,
		struct choice *ret_choice, struct error *err);

/* The value of an option, asked for or by default; NULL when there is no such option. */
const char *choice_option(const struct choice *choice, const char *name);

/* The path of the request's i-th file. */
const char *choice_file_name(const struct choice *choice, size_t i);

#endif
