/* The successors of these calls allocate, which would make an error of every hash. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "front/sha256.h"

void sha256_begin(struct sha256 *sha256)
{
	SHA256_Init(&sha256->context);
}

void sha256_add(struct sha256 *sha256, const void *data, size_t len)
{
	SHA256_Update(&sha256->context, data, len);
}

void sha256_end(struct sha256 *sha256, uint8_t ret_hash[SHA256_BYTES])
{
	SHA256_Final(ret_hash, &sha256->context);
}

void sha256_of(const void *data, size_t len, uint8_t ret_hash[SHA256_BYTES])
{
	struct sha256 sha256;

	sha256_begin(&sha256);
	sha256_add(&sha256, data, len);
	sha256_end(&sha256, ret_hash);
}
