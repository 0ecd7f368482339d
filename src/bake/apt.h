/*
 * apt with a state of its own, for one set of sources: asked what there is and what packages need,
 * and made to download. Nothing is installed, and the machine's own apt is not touched. It runs as
 * CONFINED_ID (child.h, confined.h), so that root reads no index; what it prints and leaves is
 * checked.
 */
#ifndef BAKE_APT_H
#define BAKE_APT_H

#include <jansson.h>

#include "bake/bake.h"

struct apt {
	struct bake *bake;
	struct path folder; /* in the cache's tmp; "" when not open */
	struct path at;	    /* where apt sees it */
};

/* Debian's name of this machine's architecture. Static; NULL when it has none that is known. */
const char *apt_architecture(void);

/*
 * Gets the index of the sources, deb822 text (sources.list(5)), every one with Signed-By. Returns
 * 0; -EIO, with apt's own words in bake->tail, when they cannot be reached or are not signed so. To
 * be closed in both cases.
 */
int apt_open(struct apt *apt, struct bake *bake, const char *sources, struct error *err);

/* Takes the folder away. Safe on what is not open. */
void apt_close(struct apt *apt);

/* What installing the names, and what they depend on, would bring. ret_list: a new package list. */
int apt_resolve(struct apt *apt, const json_t *names, json_t **ret_list, struct error *err);

/* Which packages of the list the index has exactly so. ret_list: a new package list. */
int apt_available(struct apt *apt, const json_t *list, json_t **ret_list, struct error *err);

/* Downloads packages the index has. They are in apt->folder then, and not yet checked by us. */
int apt_download(struct apt *apt, const json_t *list, struct error *err);

#endif
