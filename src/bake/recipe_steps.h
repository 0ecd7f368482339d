/*
 * The checks of a recipe's steps and conditions: command lines, templates, what they name. Runs in
 * `sandlot bake`, over the project's and the operator's files. Pure.
 */
#ifndef BAKE_RECIPE_STEPS_H
#define BAKE_RECIPE_STEPS_H

#include "bake/json.h"

enum { RECIPE_WHERE_MAX = 96 }; /* room for the path of a value in a recipe */

/* Which keys a step may have. */
enum recipe_step { RECIPE_COMPILE, RECIPE_RUN, RECIPE_ACTION };

/*
 * Each returns 0, or -EINVAL with a text. language: the object whose options templates and
 * conditions may name; options: these. place: of the value.
 */
int recipe_check_step(const json_t *step, enum recipe_step kind, const json_t *language,
		      struct json_place place, struct error *err);
int recipe_check_argv(const json_t *argv, const json_t *language, struct json_place place,
		      struct error *err);

/* The options a condition names must be there, with the values it names. NULL is none. */
int recipe_check_condition(const json_t *when, const json_t *options, struct json_place place,
			   struct error *err);

#endif
