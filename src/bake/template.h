/*
 * The templates of a language's steps, as docs/manifest.md describes them: used by the bake to
 * check recipes and to run an image's self-test as the server will run jobs. Pure.
 */
#ifndef BAKE_TEMPLATE_H
#define BAKE_TEMPLATE_H

#include <jansson.h>

#include "base/error.h"

/* What the names in templates stand for. All borrowed. */
struct template_values {
	const json_t *language; /* its options' defaults hold where nothing is chosen */
	const json_t *chosen;	/* object of texts, or NULL */
	const char *main_file;
};

/* The chosen or default value of an option, or NULL when there is no such option. Borrowed. */
const char *template_option(const struct template_values *values, const char *name);

/* Is text one of an array of texts, or equal to a text? Returns 1 or 0. */
int template_among(const json_t *value, const char *text);

/* Does a condition ("when", "skip_unless") hold? NULL always does. Returns 1 or 0. */
int template_holds(const struct template_values *values, const json_t *when);

/* Fills one text. ret_text: new. Returns 0, or -EINVAL with a text. */
int template_fill(const char *text, const struct template_values *values, char **ret_text,
		  struct error *err);

/*
 * The value of a variable of "env": a text, or {"when", "value"}. ret_text: new, or NULL when the
 * condition does not hold.
 */
int template_env(const json_t *value, const struct template_values *values, char **ret_text,
		 struct error *err);

/* A NULL-terminated array of new texts; `{args}` and `{diagnostics}` stand for none. Free with
 * template_argv_free().
 */
int template_argv(const json_t *argv, const struct template_values *values, char ***ret_argv,
		  struct error *err);

/* NULL-safe; returns NULL. */
char **template_argv_free(char **argv);

#endif
