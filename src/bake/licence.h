/*
 * Licence expressions as Cargo.toml has them: SPDX (spec version 2.3, annex D), and the older "A/B"
 * for "A OR B". Pure.
 */
#ifndef BAKE_LICENCE_H
#define BAKE_LICENCE_H

#include <jansson.h>
#include <stddef.h>

enum { LICENCE_SIZE = 256 };

/*
 * Can the terms be met with these licences alone? accepted: array of texts, each a licence ("MIT")
 * or one with its exception ("Apache-2.0 WITH LLVM-exception"), compared without case. Returns 1,
 * 0, or -EINVAL when it is no licence expression.
 */
int licence_accepted(const char *expression, const json_t *accepted);

/* Writes the expression with "/" as " OR ". Returns 0, -EINVAL as above, or -ENAMETOOLONG. */
int licence_normalise(const char *expression, char ret[LICENCE_SIZE]);

#endif
