/* The forms of a finished image besides its tree. */
#ifndef BAKE_FORM_H
#define BAKE_FORM_H

#include "bake/bake.h"

/*
 * Makes sure that the image in folder, which has a record, has the form that was asked for: makes
 * its EROFS file where it is missing, and signs the record anew. Returns 0 or a negative errno.
 */
int form_ensure(struct bake *bake, const char *folder, enum bake_form form, struct error *err);

#endif
