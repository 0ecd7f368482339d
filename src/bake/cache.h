/*
 * The cache of `sandlot bake`: ${SANDLOT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sandlot}. One
 * command at a time that changes it holds its lock. What is made there is made in tmp/ and renamed
 * into place when it is whole and on the disk, so that a folder which is in its place is finished;
 * what an interrupted command left in tmp/ is swept by the next.
 *
 *   layers/KIND-KEY/   parts of images, each named by what it was made from
 *   crates/            .crate files, checked again at each use
 *   vendor/KEY/        crates unpacked
 *   debs/SHA256.deb    Debian packages, checked again at each use
 *   files/SHA256       other files that were fetched, likewise
 *   memo/              hashes of large inputs, by size and time of their files
 *   images/ID/         finished images, hard-linked from layers
 */
#ifndef BAKE_CACHE_H
#define BAKE_CACHE_H

#include "bake/path.h"
#include "bake/progress.h"
#include "base/error.h"

struct cache {
	struct path folder;
	int lock_fd;
};

/* Where it is. folder: as given with --cache, or NULL for the default. */
int cache_folder(const char *folder, struct path *ret_folder, struct error *err);

/*
 * Opens the cache, made when it is missing, and takes its lock, waiting for another command when
 * there is one. folder: as above.
 */
int cache_open(struct cache *cache, const char *folder, struct progress *progress,
	       struct error *err);

void cache_close(struct cache *cache);

/* A new empty folder in tmp/. */
int cache_begin(struct cache *cache, struct path *ret_folder, struct error *err);

/* Puts a folder from cache_begin() into its final place, which must be below the cache. */
int cache_commit(struct cache *cache, const char *temporary, const char *final, struct error *err);

/* Takes a folder from cache_begin() away after a failure. */
void cache_abandon(const char *temporary);

#endif
