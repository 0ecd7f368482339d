/* Where keys are kept (key.h). Needs libc only, for the process that hands the folder on. */
#ifndef IMAGE_KEY_FOLDER_H
#define IMAGE_KEY_FOLDER_H

#include <limits.h>

#include "base/error.h"

/*
 * The folder of keys: option (as given with --keys) when it is not NULL, else $SANDLOT_KEYS, else
 * /etc/sandlot/keys when is_root, else $XDG_CONFIG_HOME/sandlot/keys or ~/.config/sandlot/keys.
 * is_root: are we root of the host, not of a user namespace? The folder need not be there. Returns
 * 0, or -EINVAL with a text when there is no HOME, -ENAMETOOLONG.
 */
int key_folder(const char *option, int is_root, char ret_path[PATH_MAX], struct error *err);

/*
 * Whose signatures are trusted: as key_folder(), but a user who was told no folder and has none of
 * his own trusts the keys of root, who could do with him what he likes anyway.
 */
int key_folder_trusted(const char *option, int is_root, char ret_path[PATH_MAX], struct error *err);

#endif
