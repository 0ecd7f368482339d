/*
 * Verifies images of the store (image/verify.h) as whoever calls: nothing of them is parsed but
 * their records, which are of fixed size.
 */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "base/error.h"
#include "image/verdict.h"
#include "store/store.h"

enum check_how {
	CHECK_QUICK, /* record, signature and its age, documents */
	CHECK_FULL,  /* and every byte of each form that is there */
	CHECK_TRUE,  /* the same, but not the signature: what somebody is about to sign anew */
};

/*
 * Verifies. keys: as given with --keys, or NULL; how: above. Returns 0 with whatever the verdict
 * is, the first that is neither ok nor unsigned; or a negative errno when there is none.
 */
int check_image(const struct store_image *image, enum check_how how, const char *keys,
		struct verdict *ret_verdict, struct error *err);

/*
 * The same for a caller who goes on only when it is well: ok, or unsigned and may_be_unsigned is 1.
 * Returns 0, -EKEYREJECTED with the verdict's sentence, or another negative errno.
 */
int check_must(const struct store_image *image, enum check_how how, const char *keys,
	       int may_be_unsigned, struct error *err);

#endif
