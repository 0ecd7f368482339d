/* Folders by path, for the edges of programs that run before anything untrusted does. */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H

#include <limits.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Makes a folder and the ones above it that are missing, all with this mode (less the umask). path:
 * at most 4095 bytes. Returns 0, also when it is there already, or a negative errno.
 */
int folder_make_path(const char *path, mode_t mode);

/*
 * The path of a user's folder, as the XDG base directory specification has it: name below the
 * folder that the environment variable names, else below below_home of $HOME; ones that are not
 * absolute count for nothing. Returns 0, -ENOENT with a text when there is neither, or
 * -ENAMETOOLONG.
 */
int folder_of_user(const char *variable, const char *below_home, const char *name,
		   char ret_path[PATH_MAX], struct error *err);

#endif
