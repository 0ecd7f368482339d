/*
 * A recipe's actions (assembly, formatting, …): checked, and settled for the image at hand, which
 * may lack what one of them needs. Runs in `sandlot bake`.
 */
#ifndef BAKE_ACTIONS_H
#define BAKE_ACTIONS_H

#include <jansson.h>

#include "base/error.h"

/* Checks "actions" of a recipe's language; none is well. Returns 0, or -EINVAL with a text. */
int actions_check(const json_t *language, const char *file, struct error *err);

/*
 * Replaces each action's "needs" by what follows from them: an action one of whose needs is in the
 * image for no value of the option in its path gets "unavailable" in place of its step; where it is
 * missing for some values, "refuse" says so for these. language: changed; its options are the
 * image's. image: the folder that has root/.
 */
int actions_settle(json_t *language, const char *image, struct error *err);

#endif
