/*
 * The Debian part of an image: packages by mmdebstrap (signed index, extracted only: no maintainer
 * script runs), then what those would have done that is needed, by hand, and the rest taken away.
 */
#ifndef BAKE_DEBIAN_H
#define BAKE_DEBIAN_H

#include "bake/bake.h"

/*
 * Finds or makes the layer: fills in bake->debian_layer and debian_digest. refresh: 1 takes
 * packages anew. The channels must be known: Debian's Rust packages are taken when one wants them.
 */
int debian_bake(struct bake *bake, int refresh, struct error *err);

#endif
