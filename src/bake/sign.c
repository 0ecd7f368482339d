#include "bake/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "image/describe.h"
#include "image/documents.h"
#include "image/key_choose.h"
#include "image/key_folder.h"
#include "image/record_file.h"
#include "image/sign.h"
#include "image/verify.h"

struct signer {
	struct key_files files;
	struct public_key key;
	EVP_PKEY *private;
	int is_named; /* by --key */
};

static uint64_t now_sec(void)
{
	return clock_real_usec() / USEC_PER_SEC;
}

static int choose(struct signer *signer, const char *keys, const char *key,
		  struct progress *progress, struct error *err)
{
	char folder[PATH_MAX];

	int r = key_folder(keys, geteuid() == 0, folder, err);
	if (r >= 0)
		r = key_files_open(&signer->files, folder, err);
	if (r >= 0)
		r = key_choose(&signer->files, key, now_sec(), &signer->key, &signer->private, err);
	if (r > 0)
		progress_say(progress, "there was no key to sign images with: made %s/%s.key",
			     folder, signer->key.name);
	return r < 0 ? r : 0;
}

int signer_open(const char *keys, const char *key, struct progress *progress,
		struct signer **ret_signer, struct error *err)
{
	struct signer *signer = calloc(1, sizeof(*signer));

	if (!signer)
		return error_set(err, -ENOMEM, "sign", "cannot prepare to sign");
	signer->files = KEY_FILES_NONE;
	signer->is_named = key != NULL;
	int r = choose(signer, keys, key, progress, err);
	if (r < 0)
		signer_free(signer);
	else
		*ret_signer = signer;
	return r;
}

struct signer *signer_free(struct signer *signer)
{
	if (!signer)
		return NULL;
	EVP_PKEY_free(signer->private);
	key_files_close(&signer->files);
	free(signer);
	return NULL;
}

static int open_folder(const struct sign_image *image, struct error *err)
{
	int fd = open(image->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_set(err, -errno, "sign", "cannot open %s", image->folder) : fd;
}

static int sign_and_write(const struct signer *signer, int folder_fd, struct image_record *record,
			  struct error *err)
{
	int r = record_sign(record, &signer->key, signer->private, now_sec(), err);

	return r < 0 ? r : record_write(folder_fd, record, err);
}

/* Describes what lies there and signs that. */
static int describe(const struct signer *signer, int folder_fd, const struct sign_image *image,
		    uint64_t baked_sec, struct error *err)
{
	struct image_record record = {.baked_sec = baked_sec};

	snprintf(record.name, sizeof(record.name), "%s", image->name);
	if (record_unhex(image->id, record.id) < 0)
		return error_set_plain(err, -EINVAL, "sign", "%.80s is no id of an image",
				       image->id);
	int r = image_describe(folder_fd, &record, err);
	return r < 0 ? r : sign_and_write(signer, folder_fd, &record, err);
}

int sign_new(const struct signer *signer, const struct sign_image *image, struct error *err)
{
	_cleanup_fd_ int fd = open_folder(image, err);

	return fd < 0 ? fd : describe(signer, fd, image, now_sec(), err);
}

int sign_record(const struct signer *signer, const char *folder, struct image_record *record,
		struct error *err)
{
	const struct sign_image image = {.folder = folder};
	_cleanup_fd_ int fd = open_folder(&image, err);

	return fd < 0 ? fd : sign_and_write(signer, fd, record, err);
}

static int refuse(const struct sign_image *image, const char *word, const char *text,
		  struct error *err)
{
	return error_set_plain(err, -ESTALE, "sign",
			       "remove %.120s and bake again: it is %s%s%.60s", image->folder, word,
			       text[0] ? ", " : "", text);
}

/* Signs a record once more; only when all of it is still true. */
static int sign_again(const struct signer *signer, int folder_fd, const struct sign_image *image,
		      struct error *err)
{
	struct verdict verdict;

	int r = image_verify_folder(image->folder, NULL, 0, now_sec(), &verdict, err);
	if (r < 0)
		return r;
	if (verdict.code != VERDICT_UNSIGNED || !verdict.has_record)
		return refuse(image, verdict_word(verdict.code), verdict.text, err);
	/* Baked again on purpose: what had expired lives on. */
	if (verdict.record.expires_sec <= now_sec())
		verdict.record.expires_sec = 0;
	return sign_and_write(signer, folder_fd, &verdict.record, err);
}

/* A former version made images without a record; their manifest was written last. */
static int sign_first(const struct signer *signer, int folder_fd, const struct sign_image *image,
		      struct error *err)
{
	struct stat st;

	if (fstatat(folder_fd, DOCUMENTS_MANIFEST, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, -errno, "sign", "cannot look at %s/%s", image->folder,
				 DOCUMENTS_MANIFEST);
	return describe(signer, folder_fd, image, (uint64_t)st.st_mtim.tv_sec, err);
}

/* Is there nothing left to do? */
static int is_settled(const struct signer *signer, const struct verdict *verdict)
{
	return verdict->code == VERDICT_OK &&
	       (!signer->is_named ||
		memcmp(verdict->record.key_id, signer->key.id, sizeof(signer->key.id)) == 0);
}

/* Can it be mended by signing it? */
static int is_missing_a_signature(enum verdict_code code)
{
	return code == VERDICT_OK || code == VERDICT_UNSIGNED || code == VERDICT_UNKNOWN_KEY ||
	       code == VERDICT_KEY_EXPIRED || code == VERDICT_IMAGE_EXPIRED;
}

int sign_finished(const struct signer *signer, const struct sign_image *image,
		  struct progress *progress, struct error *err)
{
	uint8_t id[RECORD_HASH_BYTES];
	struct verdict verdict;

	_cleanup_fd_ int fd = open_folder(image, err);
	if (fd < 0)
		return fd;
	int r = image_verify_folder_quick(image->folder, &signer->files, now_sec(), &verdict, err);
	if (r < 0)
		return r;
	if (!is_missing_a_signature(verdict.code))
		return refuse(image, verdict_word(verdict.code), verdict.text, err);
	if (verdict.has_record &&
	    (record_unhex(image->id, id) < 0 || memcmp(id, verdict.record.id, sizeof(id)) != 0))
		return refuse(image, "another image", "", err);
	if (is_settled(signer, &verdict))
		return 0;
	r = verdict.has_record ? sign_again(signer, fd, image, err)
			       : sign_first(signer, fd, image, err);
	if (r >= 0)
		progress_say(progress, "signed the finished image with the key %s (before: %s%s)",
			     signer->key.name,
			     verdict.code == VERDICT_OK ? "signed by " : verdict_word(verdict.code),
			     verdict.code == VERDICT_OK ? verdict.signer : "");
	return r;
}
