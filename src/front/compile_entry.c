#include "front/compile_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/fd.h"

/* No image, limit or bundle is another's with a part of the next in front. */
static void hash_part(struct sha256 *hash, const void *data, size_t len)
{
	uint64_t size = len;

	sha256_add(hash, &size, sizeof(size));
	sha256_add(hash, data, len);
}

int compile_key_make(const char *image_id, const struct limits *limits, int bundle_fd,
		     struct compile_key *ret_key, struct error *err)
{
	struct sha256 hash;
	struct stat st;

	if (fstat(bundle_fd, &st) < 0)
		return error_set(err, -errno, "compile-key", "cannot look at the bundle");
	/* Private: before Linux 6.7 a memfd sealed against writing cannot be mapped shared. */
	void *bundle = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, bundle_fd, 0);
	if (bundle == MAP_FAILED)
		return error_set(err, -errno, "compile-key", "cannot map the bundle");
	sha256_begin(&hash);
	hash_part(&hash, image_id, strlen(image_id));
	hash_part(&hash, limits, sizeof(*limits)); /* numbers of 64 bits, no padding */
	hash_part(&hash, bundle, (size_t)st.st_size);
	sha256_end(&hash, ret_key->bytes);
	munmap(bundle, (size_t)st.st_size);
	return 0;
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
