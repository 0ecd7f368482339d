/*
 * What of a cache nobody needs, and taking it away. What stays: images that a link or its previous
 * points at, that a server or another command holds, or that are young enough; and the parts
 * (layers, sources, downloads, memos) that images which stay were made from, as their files `parts`
 * say (bake/parts.h).
 */
#ifndef STORE_SWEEP_H
#define STORE_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"
#include "store/uses.h"

/* X(constant, what people call it) */
#define SWEEP_KINDS(X)                                                                             \
	X(SWEEP_IMAGE, "image")                                                                    \
	X(SWEEP_LAYER, "layer")                                                                    \
	X(SWEEP_SOURCES, "sources")                                                                \
	X(SWEEP_DOWNLOAD, "download")                                                              \
	X(SWEEP_MEMO, "memo")                                                                      \
	X(SWEEP_EXPORT, "export")                                                                  \
	X(SWEEP_REMAINS, "remains")                                                                \
	X(SWEEP_LINK, "registered link")

enum sweep_kind {
#define X(constant, word) constant,
	SWEEP_KINDS(X)
#undef X
		SWEEP_KIND_COUNT
};

struct sweep_item {
	enum sweep_kind kind;
	struct path path;
	uint64_t bytes; /* what goes with it, once all items before it are gone */
};

struct sweep {
	struct sweep_item *items; /* owned; in the order to remove them in */
	size_t count;
	uint64_t bytes; /* of all */
	/* An image that stays and does not say what it was made from, so that every part of any
	 * image stays; "" when there is none. */
	struct path parts_unknown;
};

/*
 * Finds what can go. newest_kept_sec: images that were baked or
 * brought in at that time or later stay. Changes nothing.
 * sweep_fini() in either case.
 */
int sweep_plan(struct sweep *sweep, const struct store *store, const struct uses *uses,
	       uint64_t newest_kept_sec, struct error *err);

void sweep_fini(struct sweep *sweep);

/*
 * Removes an image: -EBUSY with a text when it is held, a link or its previous points at it, or
 * something is mounted in it; the cache's lock must be held. link: one to be looked at besides
 * those that are registered, or NULL.
 */
int sweep_remove_image(const struct store *store, const struct path *image, const char *link,
		       struct error *err);

/* Removes any other item; the cache's lock must be held. */
int sweep_remove(const struct path *path, struct error *err);

/* "layer". Static. */
const char *sweep_word(enum sweep_kind kind);

#endif
