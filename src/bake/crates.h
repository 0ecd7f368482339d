/*
 * The crates of a set, compiled in cells without network, once for each channel, and put where
 * the compile step finds them: root/opt/crates/CHANNEL/ with externs.args, one rustc argument per
 * line.
 */
#ifndef BAKE_CRATES_H
#define BAKE_CRATES_H

#include "bake/bake.h"

/*
 * Finds or makes the layers and lays them into bake->image; fills in bake->crates. Without a crate
 * set the externs.args are made all the same, empty. The image's Debian and Rust parts must be in
 * place.
 */
int crates_bake(struct bake *bake, struct error *err);

/*
 * Vets the crates of bake->cargo_lock, unpacked in vendor_bake()'s folder vendor: fills in
 * bake->vetting. As vet_run(), with the reasons of a refusal in bake->tail.
 */
int crates_vet(struct bake *bake, const char *vendor, struct error *err);

#endif
