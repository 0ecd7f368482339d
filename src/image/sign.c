#include "image/sign.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

#include "image/evp.h"

enum { CONTEXT_BYTES = sizeof(RECORD_CONTEXT) - 1, MESSAGE_BYTES = CONTEXT_BYTES + RECORD_BYTES };

/* What is signed. Returns its length; the rest of ret_message is the signature. */
static size_t message_of(const struct image_record *record, uint8_t ret_message[MESSAGE_BYTES])
{
	memcpy(ret_message, RECORD_CONTEXT, CONTEXT_BYTES);
	record_encode(record, ret_message + CONTEXT_BYTES);
	return CONTEXT_BYTES + RECORD_SIGNED_BYTES;
}

int record_sign(struct image_record *record, const struct public_key *key, EVP_PKEY *private,
		uint64_t now_sec, struct error *err)
{
	_cleanup_md_context_ EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct image_record signed_record = *record;
	uint8_t message[MESSAGE_BYTES];
	size_t len = RECORD_SIGNATURE_BYTES;

	signed_record.signed_sec = now_sec;
	memcpy(signed_record.key_id, key->id, sizeof(signed_record.key_id));
	size_t message_len = message_of(&signed_record, message);
	/* Ed25519 is one-shot and has no digest to choose: EVP_PKEY-ED25519(7ssl). */
	if (!context || EVP_DigestSignInit(context, NULL, NULL, NULL, private) != 1 ||
	    EVP_DigestSign(context, signed_record.signature, &len, message, message_len) != 1 ||
	    len != RECORD_SIGNATURE_BYTES) {
		ERR_clear_error();
		return error_set(err, -EIO, "sign", "cannot sign with the key %s", key->name);
	}
	*record = signed_record;
	return 0;
}

int record_is_signed_by(const struct image_record *record, const struct public_key *key,
			struct error *err)
{
	_cleanup_md_context_ EVP_MD_CTX *context = EVP_MD_CTX_new();
	_cleanup_pkey_ EVP_PKEY *public =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, KEY_BYTES);
	uint8_t message[MESSAGE_BYTES];

	if (memcmp(record->key_id, key->id, sizeof(key->id)) != 0)
		return 0;
	size_t len = message_of(record, message);
	if (!context || !public || EVP_DigestVerifyInit(context, NULL, NULL, NULL, public) != 1) {
		ERR_clear_error();
		return error_set(err, -EIO, "sign", "cannot use the key %s", key->name);
	}
	int is_good = EVP_DigestVerify(context, record->signature, RECORD_SIGNATURE_BYTES, message,
				       len) == 1;
	ERR_clear_error();
	return is_good;
}
