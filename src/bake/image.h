/*
 * The finished image: what its id is, putting it together, and the link that points to it.
 */
#ifndef BAKE_IMAGE_H
#define BAKE_IMAGE_H

#include "bake/bake.h"

/*
 * Finds the image that the layers and the definition come to, or makes it in images/ID. The Debian
 * layer and the channels must be known. ret_image: its folder.
 */
int image_bake(struct bake *bake, struct path *ret_image, struct error *err);

/* Makes link a symbolic link to the image, replacing one that is there atomically. */
int image_link(const char *image, const char *link, struct error *err);

#endif
