/* Folders by path, for the edges of programs that run before anything untrusted does. */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H

#include <sys/types.h>

/*
 * Makes a folder and the ones above it that are missing, all with this mode (less the umask). path:
 * at most 4095 bytes. Returns 0, also when it is there already, or a negative errno.
 */
int folder_make_path(const char *path, mode_t mode);

#endif
