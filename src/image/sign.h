/*
 * Signing records of images and checking signatures: Ed25519 over RECORD_CONTEXT and the record's
 * bytes before its signature (record.h). Reads and writes no file.
 */
#ifndef IMAGE_SIGN_H
#define IMAGE_SIGN_H

#include <openssl/evp.h>
#include <stdint.h>

#include "base/error.h"
#include "image/key.h"
#include "image/record.h"

/*
 * Signs: sets the record's key, time and signature; a signature it has is replaced. private:
 * borrowed, what key is the public half of. Returns 0 or a negative errno.
 */
int record_sign(struct image_record *record, const struct public_key *key, EVP_PKEY *private,
		uint64_t now_sec, struct error *err);

/*
 * Was the record, as it is, signed with this key? Says nothing about the key's trust or age.
 * Returns 1, 0, or a negative errno when that cannot be found out.
 */
int record_is_signed_by(const struct image_record *record, const struct public_key *key,
			struct error *err);

#endif
