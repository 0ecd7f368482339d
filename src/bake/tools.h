/*
 * Tools beyond Debian's packages, from tarballs and folders by their hash: each from the first of
 * its sources that can be had, laid into the image at a place of its own.
 */
#ifndef BAKE_TOOLS_H
#define BAKE_TOOLS_H

#include "bake/bake.h"

/*
 * Finds or makes the layer of each tool: fills in bake->tools. -EBADMSG when what a source is to
 * give is there but has another hash; -ENOENT when a tool can be had from none of its sources.
 */
int tools_bake(struct bake *bake, struct error *err);

/* Lays them into bake->image. */
int tools_place(struct bake *bake, struct error *err);

/* Was Debian's source taken for the tool of this number? Returns 1 or 0. */
int tools_is_from_debian(const struct bake *bake, size_t number);

#endif
