/*
 * The crates of a set: fetched by cargo, each .crate checked against the lock by our own code
 * before it is unpacked, unpacked by our own code. Nothing of them runs here.
 */
#ifndef BAKE_VENDOR_H
#define BAKE_VENDOR_H

#include "bake/bake.h"
#include "bake/cargo_lock.h"

/* Reads the set's Cargo.lock. ret_lock: cargo_lock_fini() it. */
int vendor_lock(const struct bake *bake, struct cargo_lock *ret_lock, struct error *err);

/*
 * Finds or makes vendor/KEY: vendor/NAME-VERSION/ for every crate of the lock with
 * .cargo-checksum.json, the set's Cargo.toml and Cargo.lock, an empty lib.rs and a config.toml that
 * makes cargo use vendor/ alone. -EBADMSG with crate and file named when a .crate is not what the
 * lock says or is not fit to unpack.
 */
int vendor_bake(struct bake *bake, const struct cargo_lock *lock, struct path *ret_folder,
		struct error *err);

#endif
