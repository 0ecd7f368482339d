#include "front/manifest_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

enum { MANIFEST_BYTES_MAX = 16 << 20 };

int manifest_read(int fd, uint64_t generation, struct manifest **ret_manifest, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	json_error_t fault;
	size_t len;

	/* The fd may share its offset with one that an earlier front end has read to the end. */
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_set(err, -errno, "manifest", "cannot read the image's manifest");
	int r = fd_read_all(fd, MANIFEST_BYTES_MAX, &text, &len);
	if (r < 0)
		return error_set(err, r, "manifest", "cannot read the image's manifest");

	struct manifest *manifest = calloc(1, sizeof(*manifest));
	if (!manifest)
		return error_set(err, -ENOMEM, "manifest", "cannot read the image's manifest");
	atomic_init(&manifest->refs, 1);
	manifest->generation = generation;
	manifest->root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &fault);
	if (!manifest->root)
		r = error_set_plain(err, -EINVAL, "manifest", "manifest.json, line %d: %s",
				    fault.line, fault.text);
	else
		r = manifest_check(manifest->root, err);
	if (r < 0) {
		manifest_unref(manifest);
		return r;
	}
	*ret_manifest = manifest;
	return 0;
}

struct manifest *manifest_ref(struct manifest *manifest)
{
	atomic_fetch_add(&manifest->refs, 1);
	return manifest;
}

struct manifest *manifest_unref(struct manifest *manifest)
{
	if (!manifest || atomic_fetch_sub(&manifest->refs, 1) > 1)
		return NULL;
	json_decref(manifest->root);
	free(manifest);
	return NULL;
}

int manifest_is_last_ref(const struct manifest *manifest)
{
	return atomic_load(&manifest->refs) == 1;
}

uint64_t manifest_generation(const struct manifest *manifest)
{
	return manifest->generation;
}

const char *manifest_image_id(const struct manifest *manifest)
{
	return manifest_text(manifest->root, "id");
}

const json_t *manifest_json(const struct manifest *manifest)
{
	return manifest->root;
}

const json_t *manifest_language(const struct manifest *manifest, const char *id)
{
	const json_t *languages = json_object_get(manifest->root, "languages");
	const json_t *language;
	size_t i;

	json_array_foreach (languages, i, language) {
		const json_t *aliases = json_object_get(language, "aliases");
		if (strcmp(manifest_text(language, "id"), id) == 0 ||
		    manifest_text_among(aliases, id))
			return language;
	}
	return NULL;
}
