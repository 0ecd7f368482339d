/*
 * Tells whether a finished folder of the cache is what it was when it was finished: a file beside
 * its contents lists them all, with modes and hashes, as src/image/tree_hash.h does. It is there
 * for what changes a cache by accident or by stealth; who can write to the cache can write the
 * list, too. What binds an image to what was checked is its signed record.
 */
#ifndef BAKE_SEAL_H
#define BAKE_SEAL_H

#include "base/error.h"

/* Lists what is in the folder, to be called last. Returns 0 or a negative errno. */
int seal_write(const char *folder, struct error *err);

/*
 * Compares. Returns 0; -EBADMSG with the first file that was changed, added or taken away and with
 * what to do; another negative errno.
 */
int seal_check(const char *folder, struct error *err);

#endif
