#include "front/compile_entry.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/fd.h"

/* No image, limit or bundle is another's with a part of the next in front. */
static int hash_part(EVP_MD_CTX *hash, const void *data, size_t len)
{
	uint64_t size = len;

	return EVP_DigestUpdate(hash, &size, sizeof(size)) == 1 &&
	       EVP_DigestUpdate(hash, data, len) == 1;
}

static int hash_limits(EVP_MD_CTX *hash, const struct limits *limits)
{
	struct limits copy = *limits;
	int ok = 1;

	for (size_t i = 0; ok && i < LIMIT_FIELDS; i++)
		ok = hash_part(hash, limit_field(&copy, &limit_rows()[i]), sizeof(uint64_t));
	return ok;
}

static int hash_all(const char *image_id, const struct limits *limits, const void *bundle,
		    size_t len, struct compile_key *ret_key)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	int ok = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
		 hash_part(hash, image_id, strlen(image_id)) && hash_limits(hash, limits) &&
		 hash_part(hash, bundle, len) &&
		 EVP_DigestFinal_ex(hash, ret_key->bytes, NULL) == 1;

	EVP_MD_CTX_free(hash);
	return ok ? 0 : -ENOMEM;
}

int compile_key_make(const char *image_id, const struct limits *limits, int bundle_fd,
		     struct compile_key *ret_key, struct error *err)
{
	struct stat st;

	if (fstat(bundle_fd, &st) < 0)
		return error_set(err, -errno, "compile-key", "cannot look at the bundle");
	/* Private: before Linux 6.7 a memfd sealed against writing cannot be mapped shared. */
	void *bundle = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, bundle_fd, 0);
	if (bundle == MAP_FAILED)
		return error_set(err, -errno, "compile-key", "cannot map the bundle");
	int r = hash_all(image_id, limits, bundle, (size_t)st.st_size, ret_key);
	munmap(bundle, (size_t)st.st_size);
	return r < 0 ? error_set(err, r, "compile-key", "cannot hash the bundle") : 0;
}

int compile_key_equal(const struct compile_key *one, const struct compile_key *other)
{
	return memcmp(one->bytes, other->bytes, sizeof(one->bytes)) == 0;
}

struct compile_entry *compile_entry_new(const struct compile_key *key)
{
	struct compile_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	atomic_init(&entry->refs, 1);
	entry->key = *key;
	entry->artefact_fd = -EBADF;
	return entry;
}

struct compile_entry *compile_entry_ref(struct compile_entry *entry)
{
	atomic_fetch_add(&entry->refs, 1);
	return entry;
}

struct compile_entry *compile_entry_unref(struct compile_entry *entry)
{
	if (!entry || atomic_fetch_sub(&entry->refs, 1) > 1)
		return NULL;
	for (int i = 0; i < 2; i++)
		free(entry->outputs[i].data);
	fd_close(entry->artefact_fd);
	free(entry);
	return NULL;
}

int compile_entry_set_output(struct compile_entry *entry, int stream, const char *data, size_t len)
{
	struct compile_output *output = &entry->outputs[stream - 1];

	if (len == 0)
		return 0;
	output->data = malloc(len);
	if (!output->data)
		return -ENOMEM;
	memcpy(output->data, data, len);
	output->len = len;
	return 0;
}

uint64_t compile_entry_bytes(const struct compile_entry *entry)
{
	return sizeof(*entry) + entry->outputs[0].len + entry->outputs[1].len +
	       entry->artefact_bytes;
}

int compile_result_lasts(const struct step_result *result)
{
	return result->outcome == OUTCOME_EXITED && !result->truncated_stdout &&
	       !result->truncated_stderr;
}
