/*
 * SHA-256 (FIPS 180-4) by libcrypto, in the form that allocates nothing and so cannot fail. Any
 * thread.
 */
#ifndef FRONT_SHA256_H
#define FRONT_SHA256_H

#include <openssl/sha.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = SHA256_DIGEST_LENGTH };

struct sha256 {
	SHA256_CTX context;
};

void sha256_begin(struct sha256 *sha256);
void sha256_add(struct sha256 *sha256, const void *data, size_t len);

/* Ends it: begin again for another hash. */
void sha256_end(struct sha256 *sha256, uint8_t ret_hash[SHA256_BYTES]);

/* The hash of len bytes. */
void sha256_of(const void *data, size_t len, uint8_t ret_hash[SHA256_BYTES]);

#endif
