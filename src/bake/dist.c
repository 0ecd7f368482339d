#include "bake/dist.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/dist_verify.h"
#include "bake/fetch.h"
#include "bake/json.h"
#include "bake/memo.h"
#include "bake/tree.h"
#include "bake/unpack.h"

/*
 * Archives have the layout of rust-installer: below one folder of the archive's name a folder for
 * each component, with a file manifest.in and the files as they are to be installed; beside these
 * the installer, a script.
 */

enum { FILES_MAX = 200000 };
#define BYTES_MAX (UINT64_C(8) << 30)

/* What was found before for the same channel and lock is remembered: "SHA256 DATE". */
static int memo_key(const struct bake *bake, const char *channel, const json_t *locked,
		    char ret_key[DIGEST_HEX_SIZE], struct error *err)
{
	const char *sum = json_text(locked, "manifest_sha256");
	struct digest digest;

	digest_begin(&digest);
	digest_field_text(&digest, "channel", channel);
	digest_field_text(&digest, "address", bake->config.dist_address);
	digest_field_text(&digest, "keyring", bake->config.dist_keyring);
	digest_field_text(&digest, "locked", sum ? sum : "");
	return digest_end(&digest, ret_key, err);
}

static int take_from_cache(const struct bake *bake, const char *sha256, struct dist_found *found,
			   struct error *err)
{
	char hex[DIGEST_HEX_SIZE];

	int r = path_format(&found->path, err, "%s/files/%s", bake->cache.folder.text, sha256);
	if (r < 0 || !path_exists(found->path.text))
		return r;
	r = digest_file(found->path.text, hex, NULL, err);
	if (r < 0 || strcmp(hex, sha256) != 0)
		return r;
	memcpy(found->sha256, hex, sizeof(hex));
	return 1;
}

/* The manifest that was published on a day, if it is the one with this hash. 1, 0 or -errno. */
static int take_dated(struct bake *bake, const char *date, const char *sha256,
		      struct dist_found *found, struct error *err)
{
	struct path name;

	int r = path_format(&name, err, "%s/%s", date, found->name);
	if (r >= 0)
		r = dist_verify(bake, name.text, &found->path, found->sha256, err);
	return r > 0 ? strcmp(found->sha256, sha256) == 0 : r;
}

/* What the lock names, or what was found in its place before. 1, 0 or -errno. */
static int take_known(struct bake *bake, const char *key, const json_t *locked,
		      struct dist_found *found, struct error *err)
{
	char noted[MEMO_TEXT_SIZE];
	int r = 0;

	if (memo_read(bake, "dist", key, noted) && digest_is_hex(noted))
		r = take_from_cache(bake, noted, found, err);
	if (r != 0 || !json_text(locked, "manifest_sha256"))
		return r;
	const char *sum = json_text(locked, "manifest_sha256"), *date = json_text(locked, "date");
	r = take_from_cache(bake, sum, found, err);
	if (r == 0)
		r = take_dated(bake, date, sum, found, err);
	if (r == 0)
		progress_say(&bake->progress,
			     "%s of %s, which lock.json names, cannot be had; locking it again",
			     found->name, date);
	return r;
}

static int find(struct bake *bake, const char *channel, const json_t *locked, int newest,
		struct dist_found *ret_found, struct error *err)
{
	char key[DIGEST_HEX_SIZE];

	if (!bake->config.dist_address)
		return 0;
	bake_stage(bake, STAGE_TAKE);
	snprintf(ret_found->name, sizeof(ret_found->name), "channel-rust-%.40s.toml", channel);
	int r = memo_key(bake, channel, locked, key, err);
	if (r >= 0 && !newest)
		r = take_known(bake, key, locked, ret_found, err);
	ret_found->is_known = r > 0;
	if (r != 0)
		return r;
	r = dist_verify(bake, ret_found->name, &ret_found->path, ret_found->sha256, err);
	if (r > 0 && !(bake->refresh && locked))
		r = memo_write(bake, "dist", key, ret_found->sha256, err) < 0 ? -EIO : 1;
	return r;
}

int dist_find(struct bake *bake, const char *channel, const json_t *locked, int newest,
	      struct dist_found *ret_found, struct error *err)
{
	int r = find(bake, channel, locked, newest, ret_found, err);
	if (r <= 0)
		return r;
	r = parts_add(&bake->parts, bake->cache.folder.text, ret_found->path.text, err);
	return r < 0 ? r : 1;
}

/* Lays the files of one component's folder over the tool chain. */
static int lay(const char *unpacked, const char *name, const char *folder, struct error *err)
{
	struct path from, list;

	int r = path_format(&from, err, "%s/%s", unpacked, name);
	if (r >= 0)
		r = path_format(&list, err, "%s/manifest.in", from.text);
	if (r < 0 || unlink(list.text) < 0)
		return r; /* a file of the installer's */
	return tree_link(from.text, folder, NULL, err);
}

static int lay_all(const char *unpacked, const char *folder, struct error *err)
{
	struct dirent **entries = NULL;
	int r = 0, count = scandir(unpacked, &entries, NULL, alphasort);

	if (count < 0)
		return error_set(err, -errno, "dist", "cannot read %s", unpacked);
	for (int i = 0; i < count; i++) {
		if (r >= 0 && entries[i]->d_name[0] != '.')
			r = lay(unpacked, entries[i]->d_name, folder, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int unpack_component(struct bake *bake, const struct dist_component *component,
			    const char *folder, struct error *err)
{
	const struct unpack_rules rules = {.top = component->top,
					   .files_max = FILES_MAX,
					   .bytes_max = BYTES_MAX,
					   .any_case = 1};
	struct path archive, unpacked = {.text = ""};
	struct unpack_totals totals;
	struct error why = {.code = 0};

	int r = fetch_by_sum(bake, bake->config.dist_address, component->path, component->sha256,
			     BYTES_MAX, &archive, &why);
	if (r >= 0)
		r = cache_begin(&bake->cache, &unpacked, &why);
	if (r >= 0)
		r = unpack_tar(archive.text, unpacked.text, &rules, &totals, &why);
	if (r >= 0)
		r = lay_all(unpacked.text, folder, &why);
	cache_abandon(unpacked.text);
	if (r < 0)
		return error_set_plain(err, r, why.step, "the component %s: %.180s",
				       component->name, why.text);
	progress_add(&bake->progress, component->name, totals.bytes);
	return 0;
}

int dist_unpack(struct bake *bake, const struct dist_manifest *manifest, const char *folder,
		struct error *err)
{
	int r = 0;

	bake_stage(bake, STAGE_TAKE);
	for (size_t i = 0; i < manifest->component_count && r >= 0; i++)
		r = unpack_component(bake, &manifest->components[i], folder, err);
	return r;
}
