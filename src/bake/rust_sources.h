/*
 * Where a Rust channel may come from: each kind of source is tried on its own.
 */
#ifndef BAKE_RUST_SOURCES_H
#define BAKE_RUST_SOURCES_H

#include "bake/bake.h"

/*
 * Tries channel->source. rust: the recipe's part. Returns 1 when it could be had, with the channel
 * filled in; 0 when it cannot; a negative errno when it is not what it should be.
 */
int rust_source_try(struct bake *bake, const json_t *rust, struct channel *channel,
		    struct error *err);

#endif
