/*
 * The program by which an image's crates are tested: it names every crate of the set, so that the
 * compiler must find and load each, and does what the set's own check.rs does. Pure.
 */
#ifndef BAKE_SELFTEST_CRATES_H
#define BAKE_SELFTEST_CRATES_H

#include <jansson.h>

#include "base/error.h"

/*
 * own: the set's check.rs, or NULL for one that does nothing. crates: array of {id, …} as in the
 * manifest. ret_code: new text.
 */
int selftest_crates_code(const char *own, const json_t *crates, char **ret_code, struct error *err);

#endif
