/*
 * SHA-256 (FIPS 180-4) for programs that link no cryptographic library: naming content by its hash
 * wants nothing else of one. Pure.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_BLOCK = 64 };

struct sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes so far */
	uint8_t block[SHA256_BLOCK];
};

void sha256_begin(struct sha256 *sha256);
void sha256_add(struct sha256 *sha256, const void *data, size_t len);

/* Ends it: begin again for another hash. */
void sha256_end(struct sha256 *sha256, uint8_t ret_hash[SHA256_BYTES]);

/* The hash of len bytes. */
void sha256_of(const void *data, size_t len, uint8_t ret_hash[SHA256_BYTES]);

#endif
