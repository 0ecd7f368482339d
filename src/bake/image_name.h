/*
 * Which folder is meant by an image's name on the command line.
 */
#ifndef BAKE_IMAGE_NAME_H
#define BAKE_IMAGE_NAME_H

#include "bake/path.h"
#include "base/error.h"

/*
 * given: a folder that has an image.json, or the name of one in images/, below the working folder
 * or below the source tree this program was built in. Returns 0, or -ENOENT with where it was
 * looked for.
 */
int image_name_find(const char *given, struct path *ret_folder, struct error *err);

#endif
