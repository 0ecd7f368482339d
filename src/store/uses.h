/*
 * Who uses an image: links that are registered with the store (bake/link.h), and servers, which
 * hold a shared lock (flock(2)) on the folder of each image they serve.
 */
#ifndef STORE_USES_H
#define STORE_USES_H

#include <stddef.h>

#include "bake/link.h"
#include "base/error.h"
#include "store/store.h"

enum use {
	USE_CURRENT = 1 << 0,  /* a link points at it */
	USE_PREVIOUS = 1 << 1, /* a link's previous does */
	USE_SERVED = 1 << 2,   /* a server holds it */
};

struct uses_link {
	struct path root; /* its entry in the register; "" for one that is not registered */
	struct path link;
	struct link_state state;
};

struct uses {
	struct uses_link *links; /* owned */
	size_t count;
};

/*
 * Reads all registered links, and link (or NULL) as if it were one, each once; that one is left out
 * when this user may not look at it. Returns 0, or a negative errno: when what a registered link
 * points at cannot be told, nothing is known to be unused. uses_fini() in either case.
 */
int uses_read(struct uses *uses, const struct store *store, const char *link, struct error *err);

void uses_fini(struct uses *uses);

/*
 * Who uses the image: enum use, or-ed, without USE_SERVED. ret_link: a link that does, borrowed
 * from uses, NULL when there is none; the argument may be NULL.
 */
unsigned uses_of_links(const struct uses *uses, const struct path *image, const char **ret_link);

/*
 * Does somebody hold the image's folder, as far as /proc/locks shows it? Returns 1 or 0. For
 * showing alone: asking by taking the lock could come in the way of a server that starts.
 */
int uses_is_held(const struct path *image);

/*
 * Takes the image's folder for oneself, so that no server and no link begins to use it. Returns the
 * fd that holds it; -EBUSY when a server has it; another negative errno.
 */
int uses_claim(const struct path *image, struct error *err);

/*
 * Holds the image's folder, so that nobody removes it meanwhile. Returns the fd that does; -EBUSY
 * when it is being removed; another negative errno.
 */
int uses_hold(const struct path *image, struct error *err);

/* "served, in use, previous", as far as it holds; "" for none. */
void uses_say(unsigned use, char *ret_text, size_t size);

#endif
