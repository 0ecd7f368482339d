/*
 * The finished image: what its id is, and putting it together.
 */
#ifndef BAKE_IMAGE_H
#define BAKE_IMAGE_H

#include "bake/bake.h"

/*
 * Finds the image that the layers and the definition come to, or makes it in images/ID. The Debian
 * layer and the channels must be known. ret_image: its folder.
 */
int image_bake(struct bake *bake, struct path *ret_image, struct error *err);

#endif
