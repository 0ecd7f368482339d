/* Which key an image is signed with, when nobody or somebody names one. */
#ifndef IMAGE_KEY_CHOOSE_H
#define IMAGE_KEY_CHOOSE_H

#include <openssl/evp.h>

#include "base/error.h"
#include "image/key_files.h"

/* What this host's key is called: the host's name, made a record's name. */
void key_host_name(char ret_name[RECORD_NAME_MAX]);

/*
 * Reads the private key called name; or, when that is NULL, the only one of the folder, or of
 * several the host's (key_host_name), which it makes when there is none at all. Returns 0 when it
 * was there, 1 when it was made (tell it), with *ret_private new (EVP_PKEY_free); -EINVAL with a
 * text when there are several and none is the host's; -EKEYEXPIRED; or as key_files_read_private()
 * and key_files_make().
 */
int key_choose(struct key_files *files, const char *name, uint64_t now_sec,
	       struct public_key *ret_key, EVP_PKEY **ret_private, struct error *err);

#endif
