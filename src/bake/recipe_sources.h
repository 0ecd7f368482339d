/*
 * The checks of where the parts of an image may come from: the "rust" and "tools" parts of recipes
 * and of image.json. Pure. docs/baking.md describes the kinds of sources.
 */
#ifndef BAKE_RECIPE_SOURCES_H
#define BAKE_RECIPE_SOURCES_H

#include <jansson.h>

#include "base/error.h"

/*
 * Checks a recipe's "rust". options: the language's, which the channels must be values of. file:
 * for messages. Returns 0, or -EINVAL with a text.
 */
int recipe_check_rust(const json_t *rust, const json_t *options, const char *file,
		      struct error *err);

/* Checks a "tools" array, of a recipe or an image. NULL is none. */
int recipe_check_tools(const json_t *tools, const char *file, struct error *err);

/* The source of this kind ("rustup", "deb", …) in a "sources" array, or NULL. Borrowed. */
const json_t *recipe_source_of(const json_t *sources, const char *kind);

#endif
