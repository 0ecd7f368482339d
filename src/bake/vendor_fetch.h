/*
 * Gets crates into the cache: from what cargo has downloaded before, else by `cargo fetch`. Each is
 * what the lock names, or refused with its name and file.
 */
#ifndef BAKE_VENDOR_FETCH_H
#define BAKE_VENDOR_FETCH_H

#include "bake/bake.h"
#include "bake/cargo_lock.h"

/* Where a crate's archive is, or will be, in the cache. */
int vendor_crate_path(const struct bake *bake, const struct cargo_package *package,
		      struct path *ret_path, struct error *err);

/* Is the file what the lock says? Returns 1, 0 when there is none, -EBADMSG when it is another. */
int vendor_check_crate(const struct cargo_package *package, const char *path, struct error *err);

/* How large a crate's archive is that cargo has downloaded; 0 when it is not to be found. */
uint64_t vendor_downloaded_bytes(const char *name, const char *version);

/* Copies a set's Cargo.toml and Cargo.lock to a folder, with an empty lib.rs. */
int vendor_copy_set(const char *set, const char *folder, struct error *err);

/* Gets every crate of the lock. */
int vendor_fetch(struct bake *bake, const struct cargo_lock *lock, struct error *err);

#endif
