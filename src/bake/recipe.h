/*
 * The checks of a recipe.json: see definition.h. Pure.
 */
#ifndef BAKE_RECIPE_H
#define BAKE_RECIPE_H

#include <jansson.h>

#include "base/error.h"

/* Checks a whole recipe; file: its path, for messages. Returns 0, or -EINVAL with a text. */
int recipe_check(const json_t *recipe, const char *file, struct error *err);

/* Checks a "prepare" array, of a recipe or the base. NULL is none. */
int recipe_check_prepare(const json_t *prepare, const char *file, struct error *err);

#endif
