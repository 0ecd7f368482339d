/*
 * Counts the word `unsafe` in Rust source, outside of comments, texts and characters. How often it
 * stands there is all that is told: not what it does, nor whether it is right. Macros that build
 * the word from pieces are not seen. Pure.
 */
#ifndef BAKE_VET_RUST_H
#define BAKE_VET_RUST_H

#include <stddef.h>
#include <stdint.h>

/* text: len bytes, any. What ends in the middle of a text or comment is taken to end there. */
uint64_t vet_rust_unsafe(const char *text, size_t len);

#endif
