/* OpenSSL's objects with an owner, as base/fd.h has it for fds. */
#ifndef IMAGE_EVP_H
#define IMAGE_EVP_H

#include <openssl/bio.h>
#include <openssl/evp.h>

static inline void evp_pkey_freep(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static inline void evp_context_freep(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static inline void bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

#define _cleanup_pkey_ __attribute__((cleanup(evp_pkey_freep)))
#define _cleanup_md_context_ __attribute__((cleanup(evp_context_freep)))
#define _cleanup_bio_ __attribute__((cleanup(bio_freep)))

#endif
