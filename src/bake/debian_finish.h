/*
 * From what the packages hold to what an image needs: see debian.h.
 */
#ifndef BAKE_DEBIAN_FINISH_H
#define BAKE_DEBIAN_FINISH_H

#include "bake/bake.h"

/*
 * Removes the base's and the recipes' "remove" patterns from folder/root, makes its folders, links
 * and files, compiles Python's library and the loader's cache in cells, and makes the tree uniform.
 */
int debian_finish(struct bake *bake, const char *folder, struct error *err);

#endif
