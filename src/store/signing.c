#include "store/signing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "image/key_choose.h"
#include "image/key_folder.h"
#include "image/record_file.h"
#include "image/sign.h"

static int choose_key(const struct options *options, uint64_t now_sec, struct public_key *ret_key,
		      EVP_PKEY **ret_private, struct error *err)
{
	struct key_files files = KEY_FILES_NONE;
	char path[PATH_MAX];

	int r = key_folder(options->keys, geteuid() == 0, path, err);
	if (r >= 0)
		r = key_files_open(&files, path, err);
	if (r >= 0)
		r = key_choose(&files, options->key, now_sec, ret_key, ret_private, err);
	key_files_close(&files);
	if (r > 0)
		fprintf(stderr, "made the key %s in %s: there was none to sign with\n",
			ret_key->name, path);
	return r < 0 ? r : 0;
}

int signing_write(const struct store_image *image, struct error *err)
{
	_cleanup_fd_ int fd = open(image->folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, -errno, "sign", "cannot open %s", image->folder.text);
	return record_write(fd, &image->record, err);
}

int signing_sign(struct store_image *image, const struct options *options,
		 char ret_key[RECORD_NAME_MAX], struct error *err)
{
	uint64_t now_sec = clock_real_usec() / USEC_PER_SEC;
	EVP_PKEY *private = NULL;
	struct public_key key;

	int r = choose_key(options, now_sec, &key, &private, err);
	if (r < 0)
		return r;
	r = record_sign(&image->record, &key, private, now_sec, err);
	EVP_PKEY_free(private);
	if (r >= 0)
		r = signing_write(image, err);
	if (r >= 0 && ret_key)
		memcpy(ret_key, key.name, RECORD_NAME_MAX);
	return r;
}
