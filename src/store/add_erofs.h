/* Making the EROFS form of an image that is there as a tree. */
#ifndef STORE_ADD_EROFS_H
#define STORE_ADD_EROFS_H

#include "base/error.h"
#include "store/options.h"
#include "store/store.h"

/*
 * Makes image.erofs from root/, fills it in in the record and signs that anew (only written, when
 * it was not signed before). The tree is verified before. The cache's lock is taken meanwhile.
 * image: has a record; updated. Returns 0; as check_must(), erofs_make() and signing_sign();
 * another negative errno. After a failure the image is as it was.
 */
int add_erofs(struct store_image *image, const struct options *options, struct error *err);

#endif
