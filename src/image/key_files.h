/*
 * The folder of keys (key_folder.h): NAME.pub is a public key (key.h), and being there makes it a
 * trusted one; NAME.key is its private half (PKCS #8 in PEM, not encrypted), of mode 0600, where
 * images are signed. Other files are left alone.
 */
#ifndef IMAGE_KEY_FILES_H
#define IMAGE_KEY_FILES_H

#include <limits.h>
#include <openssl/evp.h>
#include <stddef.h>

#include "base/error.h"
#include "image/key.h"

enum { KEY_FILES_MAX = 256 };

#define KEY_PUBLIC_SUFFIX ".pub"
#define KEY_PRIVATE_SUFFIX ".key"

struct key_files {
	int fd; /* owned; -EBADF: there is no such folder, and so no key */
	char path[PATH_MAX];
};

#define KEY_FILES_NONE ((struct key_files){.fd = -EBADF})

struct key_names {
	char names[KEY_FILES_MAX][RECORD_NAME_MAX];
	size_t count;
};

/*
 * Opens the folder; it need not be there. Returns 0, or a negative errno with a text; -EPERM when
 * everybody may write in it.
 */
int key_files_open(struct key_files *files, const char *path, struct error *err);

/* The same with an fd that somebody else has opened; takes it. path: for messages. */
int key_files_take(struct key_files *files, int take_fd, const char *path, struct error *err);

void key_files_close(struct key_files *files);

/*
 * Lists the keys whose file has this suffix, sorted. Returns 0; -EINVAL when one has a name that is
 * none or there are too many; or another negative errno.
 */
int key_files_list(const struct key_files *files, const char *suffix, struct key_names *ret_names,
		   struct error *err);

/*
 * Reads NAME.pub. Returns 0; -ENOENT when there is none; -EINVAL with file, line and fault; -EPERM
 * when everybody may write it; or another negative errno.
 */
int key_files_read(const struct key_files *files, const char *name, struct public_key *ret_key,
		   struct error *err);

/*
 * Looks for the trusted key with this id. Returns 0; -ENOKEY when there is none, and then with a
 * text, or an empty one, about the first file that could not be looked into; or another negative
 * errno.
 */
int key_files_find(const struct key_files *files, const uint8_t id[RECORD_HASH_BYTES],
		   struct public_key *ret_key, struct error *err);

/*
 * Makes a key and both its files; the folder too when it is missing. expires_sec: 0 or a whole day.
 * Returns 0; -EEXIST when one of the files is there, which is then left as it is; -EINVAL when the
 * name is none; or another negative errno.
 */
int key_files_make(struct key_files *files, const char *name, uint64_t now_sec,
		   uint64_t expires_sec, struct public_key *ret_key, struct error *err);

/*
 * Reads NAME.key and NAME.pub, which must belong together. Returns 0, with *ret_private new
 * (EVP_PKEY_free); -ENOENT when one is missing; -EPERM when others may read NAME.key; -EINVAL when
 * it is not such a key; or another negative errno; always with a text.
 */
int key_files_read_private(const struct key_files *files, const char *name,
			   struct public_key *ret_key, EVP_PKEY **ret_private, struct error *err);

#endif
