/*
 * The lock an image is made by in the end: lock.json, as far as this machine could follow it.
 */
#ifndef BAKE_EFFECTIVE_H
#define BAKE_EFFECTIVE_H

#include "bake/bake.h"

/* "rust" or "tools" of a lock, from what was taken. New, or NULL for want of memory. */
json_t *effective_rust(const struct bake *bake);
json_t *effective_tools(const struct bake *bake);

/* The lock of what bake has found: lock.json in the image. ret_lock: new. */
int effective_lock(const struct bake *bake, json_t **ret_lock, struct error *err);

/* Tells in what the lock differs from the one beside the definition, if there is one. */
void effective_tell(struct bake *bake, const json_t *lock);

#endif
