/* What `use` and `rollback` say and do when the link has changed. */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include "base/error.h"
#include "store/store.h"

/*
 * Prints which image the link points at now and which before (NULL: none), and tells the server
 * that serves it. Returns 0 or a negative errno.
 */
int change_announce(const char *link, const struct store_image *image, const char *before,
		    struct error *err);

#endif
