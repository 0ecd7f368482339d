/*
 * Rust tool chains: each channel from the first source of its recipe that can be had.
 */
#ifndef BAKE_RUST_H
#define BAKE_RUST_H

#include "bake/bake.h"

/*
 * Finds which channels there are and finds or makes the layer of each. Fills in bake->channels
 * (none when no recipe is for Rust).
 */
int rust_bake(struct bake *bake, struct error *err);

/* Lays the channels into bake->image, as root/opt/rust/CHANNEL. */
int rust_place(struct bake *bake, struct error *err);

/* The channel of this name, or NULL. */
const struct channel *rust_channel(const struct bake *bake, const char *name);

#endif
