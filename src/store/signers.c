#include "store/signers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "image/key_files.h"
#include "image/key_folder.h"
#include "image/sign.h"
#include "store/print.h"

static uint64_t now(void)
{
	return clock_real_usec() / USEC_PER_SEC;
}

static int read_keys(struct signers *signers, const struct key_files *files, struct error *err)
{
	struct key_names *names = calloc(1, sizeof(*names));
	int r = names ? key_files_list(files, KEY_PUBLIC_SUFFIX, names, err)
		      : error_set(err, -ENOMEM, "keys", "cannot read the keys");

	if (r >= 0 && names->count > 0) {
		signers->keys = calloc(names->count, sizeof(*signers->keys));
		if (!signers->keys)
			r = error_set(err, -ENOMEM, "keys", "cannot read the keys");
	}
	for (size_t i = 0; r >= 0 && i < names->count; i++)
		if (key_files_read(files, names->names[i], &signers->keys[signers->count], NULL) >=
		    0)
			signers->count++;
	free(names);
	return r;
}

int signers_open(struct signers *signers, const char *keys, struct error *err)
{
	struct key_files files = KEY_FILES_NONE;
	char path[PATH_MAX];

	*signers = (struct signers){.keys = NULL};
	int r = key_folder(keys, geteuid() == 0, path, err);
	if (r >= 0)
		r = key_files_open(&files, path, err);
	if (r >= 0)
		r = read_keys(signers, &files, err);
	key_files_close(&files);
	return r;
}

void signers_fini(struct signers *signers)
{
	free(signers->keys);
	*signers = (struct signers){.keys = NULL};
}

enum signer_state signers_check(const struct signers *signers, const struct image_record *record,
				uint64_t now_sec, const struct public_key **ret_key)
{
	const struct public_key *key = NULL;

	for (size_t i = 0; i < signers->count; i++)
		if (memcmp(signers->keys[i].id, record->key_id, sizeof(record->key_id)) == 0)
			key = &signers->keys[i];
	if (ret_key)
		*ret_key = key;
	if (!record_is_signed(record))
		return SIGNER_NONE;
	if (!key)
		return SIGNER_UNKNOWN;
	if (record_is_signed_by(record, key, NULL) != 1)
		return SIGNER_WRONG;
	if (key_is_expired(key, now_sec))
		return SIGNER_KEY_EXPIRED;
	if (record->expires_sec != 0 && now_sec >= record->expires_sec)
		return SIGNER_RECORD_EXPIRED;
	return SIGNER_TRUSTED;
}

const char *signers_word(enum signer_state state)
{
	static const char *const words[] = {
		[SIGNER_TRUSTED] = "trusted",	      [SIGNER_NONE] = "unsigned",
		[SIGNER_UNKNOWN] = "unknown-key",     [SIGNER_WRONG] = "bad-signature",
		[SIGNER_KEY_EXPIRED] = "key-expired", [SIGNER_RECORD_EXPIRED] = "image-expired",
	};
	return words[state];
}

void signers_say(const struct signers *signers, const struct store_image *image,
		 char ret_text[SIGNER_SIZE])
{
	const struct public_key *key;
	enum signer_state state = signers_check(signers, &image->record, now(), &key);

	if (!image->has_record)
		snprintf(ret_text, SIGNER_SIZE, "no record");
	else if (state == SIGNER_TRUSTED)
		snprintf(ret_text, SIGNER_SIZE, "%s", key->name);
	else if (state == SIGNER_KEY_EXPIRED || state == SIGNER_RECORD_EXPIRED)
		snprintf(ret_text, SIGNER_SIZE, "%s, expired", key->name);
	else
		snprintf(ret_text, SIGNER_SIZE, "%s", signers_word(state));
}

json_t *signers_json(const struct signers *signers, const struct store_image *image)
{
	const struct public_key *key;
	enum signer_state state = signers_check(signers, &image->record, now(), &key);
	char key_id[2 * RECORD_HASH_BYTES + 1];

	if (!image->has_record)
		return json_pack("{s:s}", "state", "no-record");
	record_hex(image->record.key_id, key_id);
	return json_pack("{s:s, s:s?, s:s?, s:o, s:o}", "state", signers_word(state), "key",
			 key ? key->name : NULL, "key_id", state == SIGNER_NONE ? NULL : key_id,
			 "signed", print_json_time(image->record.signed_sec), "expires",
			 print_json_time(image->record.expires_sec));
}
