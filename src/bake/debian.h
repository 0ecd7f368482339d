/*
 * The Debian part of an image: packages as the lock names them, or as the signed index of the
 * mirror has them, unpacked only: no maintainer script runs. Then what those would have done that
 * is needed, by hand, and the rest taken away.
 */
#ifndef BAKE_DEBIAN_H
#define BAKE_DEBIAN_H

#include "bake/bake.h"

/*
 * Finds or makes the layer: fills in bake->debian_packages, debian_layer and debian_digest.
 * refresh: 1 takes the mirror's newest packages. The channels and tools must be known: some of
 * their sources are Debian's packages.
 */
int debian_bake(struct bake *bake, int refresh, struct error *err);

/*
 * What a lock made now has as "debian": the mirror's newest packages, with those that any source of
 * a channel or tool wants, taken or not. ret_debian: new.
 */
int debian_lock(struct bake *bake, json_t **ret_debian, struct error *err);

#endif
