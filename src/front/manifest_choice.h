/* What a request chooses of the manifest: manifest_choose.c checks, manifest_plan.c fills
 * templates. */
#ifndef FRONT_MANIFEST_CHOICE_H
#define FRONT_MANIFEST_CHOICE_H

#include "base/bundle.h"
#include "front/manifest_internal.h"

/* The context of all templates. Everything is borrowed. */
struct choice {
	const json_t *language;
	const json_t *options; /* of the language; NULL: none */
	const struct job_request *request;
	const char *main_file;
	const json_t *line_words; /* what {lines} stands for; NULL: nothing */
	struct error *err;
};

/* Checks language, options, files and arguments. Returns 0, -EINVAL or -E2BIG with a text. */
int choice_make(const struct manifest *manifest, const struct job_request *request,
		struct choice *ret_choice, struct error *err);

/* The value of an option, asked for or by default; NULL when there is no such option. */
const char *choice_option(const struct choice *choice, const char *name);

/* Does a condition hold for what was chosen? NULL always does. */
int choice_holds(const struct choice *choice, const json_t *when);

/* Appends ", NAME" to a list of what is allowed, as far as there is room. */
enum { CHOICE_LIST_MAX = 160 };
void choice_list_add(char list[CHOICE_LIST_MAX], const char *name);

/* The path of the request's i-th file. */
const char *choice_file_name(const struct choice *choice, size_t i);

/* ---- steps (manifest_plan.c) ---- */

struct step_spec {
	const json_t *step;
	int with_files;
	enum bundle_type artefact_type;
	const char *artefact;  /* filled template, or NULL */
	const char *collects;  /* folder whose files are handed on, or NULL */
	const json_t *carries; /* what it carries, or NULL: nothing, this time */
};

/* Makes the bundle of a step. Returns a new fd or a negative errno. */
int choice_step_bundle(const struct choice *choice, const struct step_spec *spec);

/* The path of a step's artefact, filled. ret_path: new, or left alone when it has none. */
int choice_artefact(const struct choice *choice, const json_t *step, char **ret_path);

/* ---- actions (manifest_action.c) ---- */

/* Plans the action that the request names. Returns 0 or -EINVAL with a text. */
int choice_plan_action(const struct choice *choice, struct job_plan *plan);

struct action_plan *action_plan_free(struct action_plan *action);

#endif
