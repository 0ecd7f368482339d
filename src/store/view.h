/*
 * An image's tree to look into, whatever form it lies in: root/, or the EROFS file mounted
 * read-only in a mount namespace of this process' own, which goes with it. Mounting needs root, and
 * an image that verifies: the kernel parses it.
 */
#ifndef STORE_VIEW_H
#define STORE_VIEW_H

#include "bake/path.h"
#include "base/error.h"
#include "store/store.h"

struct view {
	struct path top; /* of the tree */
	int is_mounted;
};

/*
 * Opens a view; from then on this process may be in a mount namespace of its own. keys: as given
 * with --keys. Returns 0; -EPERM when it takes root; as check_must(); another negative errno.
 */
int view_open(struct view *view, const struct store_image *image, const char *keys,
	      struct error *err);

void view_close(struct view *view);

#endif
