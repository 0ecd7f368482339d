/*
 * Runs the self-tests of an image that is at hand (bake/selftest.h), for `sandlot image verify`.
 */
#ifndef STORE_SELFTEST_H
#define STORE_SELFTEST_H

#include "bake/child.h"
#include "base/error.h"
#include "store/store.h"

/* Zero-initialised: they were not run. */
struct selftest_verdict {
	int failed;
	char sentence[ERROR_TEXT_MAX]; /* what came of it */
	char printed[CHILD_TAIL_SIZE]; /* by the program that failed; else empty */
};

/*
 * Runs them all, or up to the first that fails, with progress on stderr. The image must have been
 * verified: its manifest is parsed, and said by, whoever calls. Returns 0 with a verdict, or a
 * negative errno when they could not be run.
 */
int image_selftest(const struct store_image *image, struct selftest_verdict *ret_verdict,
		   struct error *err);

#endif
