/*
 * provenance.json: how an image came to be (docs/vetting.md): every file of its definition, every
 * package, tool chain, tool and crate by hash, and every command that made something of it. It says
 * nothing of when or where: the same inputs give the same bytes. What the host fetches with is left
 * out, for what was fetched is checked by hash.
 *
 * Commands are noted while a layer is made and kept with it, so that they are known when the layer
 * is taken from the cache. Paths of temporary folders read {work}, the cache's {cache}, our
 * programs' {programs}.
 */
#ifndef BAKE_PROVENANCE_H
#define BAKE_PROVENANCE_H

#include "bake/bake.h"

#define PROVENANCE_FILE "provenance.json"

/* Notes a command: of the host, or one run in a cell. argv: NULL-terminated. Returns 0 or -ENOMEM.
 */
int provenance_command(struct bake *bake, const char *const *argv, int in_cell, struct error *err);

/* Keeps what was noted since the last time in folder, a layer that is about to be committed. */
int provenance_keep(struct bake *bake, const char *folder, struct error *err);

/* Takes over what was kept with a layer of crates that is part of the image; others are known. */
int provenance_layer(struct bake *bake, const struct path *layer, struct error *err);

/*
 * Writes provenance.json into folder, where the image's other documents are. manifest: the image's,
 * for versions.
 */
int provenance_write(struct bake *bake, const json_t *manifest, const char *folder,
		     struct error *err);

/* The tool chains: array of {channel, source, files_sha256, rustc, cargo}. New; NULL: no memory. */
json_t *provenance_channels(const struct bake *bake, const json_t *manifest);

/*
 * A word of a command without what differs from bake to bake. ret_word: new. NULL when memory is
 * short.
 */
char *provenance_word(const char *word, const char *cache, const char *programs);

#endif
