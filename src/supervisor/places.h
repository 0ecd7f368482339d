/* Where things are when nobody says otherwise. Runs while the host's files are visible. */
#ifndef SUPERVISOR_PLACES_H
#define SUPERVISOR_PLACES_H

#include <limits.h>

#include "base/error.h"

/* The folder of this program, where the others are too. */
int places_exe(char ret_dir[PATH_MAX], struct error *err);

/* The image: the one beside the build tree of exe_dir, else the installed one. */
void places_image(const char *exe_dir, char ret_image[PATH_MAX]);

/*
 * The folder for the job record. is_root: are we root of the host? Without root it is made, where
 * the XDG base directory specification has a user's programs keep their state. Returns 0, or a
 * negative errno with a text.
 */
int places_data(int is_root, char ret_data[PATH_MAX], struct error *err);

#endif
