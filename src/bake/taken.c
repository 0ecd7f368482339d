#include "bake/taken.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "bake/memo.h"
#include "bake/tree.h"
#include "base/fd.h"
#include "image/record.h"
#include "image/tree_hash.h"

/* The layer of files of this hash: named by all that decides what is in it. */
static int layer_path(const struct bake *bake, const struct taken *taken,
		      struct taken_result *result, struct error *err)
{
	char hex[DIGEST_HEX_SIZE], key[DIGEST_HEX_SIZE + 72];
	int64_t epoch = bake->definition->epoch;
	struct digest digest;

	digest_begin(&digest);
	digest_field_text(&digest, "format", BAKE_FORMAT);
	digest_field_text(&digest, "to", taken->to);
	digest_field_text(&digest, "tree", result->tree_sha256);
	digest_field(&digest, "epoch", &epoch, sizeof(epoch));
	int r = digest_end(&digest, hex, err);
	if (r < 0)
		return r;
	snprintf(key, sizeof(key), "%.64s-%s", taken->name, hex);
	return bake_layer(bake, taken->kind, key, &result->layer, err);
}

int taken_known(struct bake *bake, const struct taken *taken, struct taken_result *ret_result,
		struct error *err)
{
	char text[MEMO_TEXT_SIZE];

	if (!memo_read(bake, taken->kind, taken->identity, text) || !digest_is_hex(text))
		return 0;
	memcpy(ret_result->tree_sha256, text, DIGEST_HEX_SIZE);
	return layer_path(bake, taken, ret_result, err);
}

static int hash_tree(const char *path, char ret_hex[DIGEST_HEX_SIZE], struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct tree_hash hash;

	if (fd < 0)
		return error_set(err, -errno, "hash", "cannot open %s", path);
	int r = tree_hash(fd, NULL, NULL, &hash, err);
	if (r >= 0)
		record_hex(hash.sha256, ret_hex);
	return r;
}

/* Copies the files to where they belong below folder; hashes what came there. */
static int fill_layer(struct bake *bake, const struct taken *taken, const char *folder,
		      struct taken_result *result, struct error *err)
{
	struct path root, to;

	int r = path_format(&root, err, "%s/root", folder);
	if (r >= 0)
		r = path_format(&to, err, "%s/%s", root.text, taken->to);
	if (r >= 0)
		r = folder_files_copy(&taken->files, to.text, &bake->progress, err);
	if (r >= 0)
		r = tree_normalise(root.text, bake->definition->epoch, err);
	if (r >= 0)
		r = hash_tree(to.text, result->tree_sha256, err);
	return r < 0 ? r : layer_path(bake, taken, result, err);
}

int taken_make(struct bake *bake, const struct taken *taken, const char *tree_sha256,
	       struct taken_result *ret_result, struct error *err)
{
	struct path folder = {.text = ""};

	bake_stage(bake, STAGE_TAKE);
	int r = cache_begin(&bake->cache, &folder, err);
	if (r >= 0)
		r = fill_layer(bake, taken, folder.text, ret_result, err);
	if (r >= 0 && tree_sha256 && strcmp(ret_result->tree_sha256, tree_sha256) != 0)
		r = error_set_plain(err, -EBADMSG, "take",
				    "%s: the files' tree_sha256 is %s, not %s", taken->name,
				    ret_result->tree_sha256, tree_sha256);
	if (r >= 0)
		r = cache_commit(&bake->cache, folder.text, ret_result->layer.text, err);
	if (r < 0) {
		cache_abandon(folder.text);
		return r;
	}
	return memo_write(bake, taken->kind, taken->identity, ret_result->tree_sha256, err);
}
