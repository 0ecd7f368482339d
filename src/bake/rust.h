/*
 * Rust tool chains: found as rustup installed them on the machine, or Debian's packages where it
 * has none.
 */
#ifndef BAKE_RUST_H
#define BAKE_RUST_H

#include "bake/bake.h"

/*
 * Finds which channels there are, and finds or makes the layer of each; a tool chain's files are
 * copied and hashed when their sizes or times are not those of the last time. Fills in
 * bake->channels (none when no recipe is for Rust).
 */
int rust_bake(struct bake *bake, struct error *err);

/* Lays the channels into bake->image, as root/opt/rust/CHANNEL. */
int rust_place(struct bake *bake, struct error *err);

/* The channel of this name, or NULL. */
const struct channel *rust_channel(const struct bake *bake, const char *name);

#endif
