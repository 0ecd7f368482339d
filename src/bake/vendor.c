#include "bake/vendor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "bake/json.h"
#include "bake/seal.h"
#include "bake/tree.h"
#include "bake/unpack.h"
#include "bake/vendor_fetch.h"
#include "base/fd.h"

/*
 * Cargo's directory sources do not protect: a file that .cargo-checksum.json does not list is
 * compiled all the same. So the only check that counts is that of the .crate against the lock, and
 * what is unpacked from it goes straight to where the build reads it.
 */

enum {
	CRATE_FILES_MAX = 50000,
	CRATE_BYTES_MAX = 1 << 30,
	LOCK_MAX = 4 << 20,
};

/* Where cells see the folder: see crates.c. */
#define VENDOR_CONFIG                                                                              \
	"[source.crates-io]\n"                                                                     \
	"replace-with = \"vendored\"\n"                                                            \
	"\n"                                                                                       \
	"[source.vendored]\n"                                                                      \
	"directory = \"/playground/in/vendor\"\n"

int vendor_lock(const struct bake *bake, struct cargo_lock *ret_lock, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	struct path path;
	size_t len;

	int r = path_format(&path, err, "%s/Cargo.lock", bake->definition->crates.text);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "crates", "cannot open %s", path.text);
	r = fd_read_all(fd, LOCK_MAX, &text, &len);
	if (r < 0)
		return error_set(err, r, "crates", "cannot read %s", path.text);
	return cargo_lock_parse(text, path.text, ret_lock, err);
}

static int unpack_crate(struct bake *bake, const struct cargo_package *package, const char *vendor,
			struct error *err)
{
	char top[2 * CARGO_TEXT_SIZE];
	struct path crate, to, checksum;
	struct unpack_totals totals = {.files = 0};

	snprintf(top, sizeof(top), "%s-%s", package->name, package->version);
	const struct unpack_rules rules = {
		.top = top, .files_max = CRATE_FILES_MAX, .bytes_max = CRATE_BYTES_MAX};
	int r = vendor_crate_path(bake, package, &crate, err);
	if (r >= 0)
		r = vendor_check_crate(package, crate.text, err);
	if (r >= 0)
		r = path_format(&to, err, "%s/%s", vendor, top);
	if (r >= 0)
		r = path_make_folders(to.text, err);
	if (r >= 0)
		r = unpack_tar(crate.text, to.text, &rules, &totals, err);
	if (r < 0)
		return r;
	json_auto_t *json = json_pack("{s:{}, s:s}", "files", "package", package->sha256);
	if (!json)
		return error_set(err, -ENOMEM, "crates", "cannot unpack %s", top);
	r = path_format(&checksum, err, "%s/.cargo-checksum.json", to.text);
	if (r >= 0)
		r = json_write_file(checksum.text, json, err);
	if (r >= 0)
		progress_add(&bake->progress, top, totals.bytes);
	return r;
}

static int make_folder(struct bake *bake, const struct cargo_lock *lock, const char *folder,
		       struct error *err)
{
	struct path vendor, config;

	int r = path_format(&vendor, err, "%s/vendor", folder);
	if (r >= 0)
		r = path_make_folders(vendor.text, err);
	if (r >= 0)
		r = path_format(&config, err, "%s/config.toml", folder);
	if (r >= 0)
		r = path_write_file(config.text, 0644, VENDOR_CONFIG, strlen(VENDOR_CONFIG), err);
	if (r >= 0)
		r = vendor_copy_set(bake->definition->crates.text, folder, err);
	for (size_t i = 0; i < lock->count && r >= 0; i++) {
		r = child_interrupted(err);
		if (r >= 0 && !lock->packages[i].is_root)
			r = unpack_crate(bake, &lock->packages[i], vendor.text, err);
	}
	if (r >= 0)
		r = tree_normalise(folder, bake->definition->epoch, err);
	return r;
}

static int folder_key(const struct bake *bake, char ret_key[DIGEST_HEX_SIZE], struct error *err)
{
	static const char *const names[] = {"Cargo.toml", "Cargo.lock"};
	struct digest digest;
	int r = 0;

	digest_begin(&digest);
	digest_field_text(&digest, "format", BAKE_FORMAT);
	digest_field_text(&digest, "config", VENDOR_CONFIG);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && r >= 0; i++) {
		char hex[DIGEST_HEX_SIZE];
		struct path path;
		r = path_format(&path, err, "%s/%s", bake->definition->crates.text, names[i]);
		if (r >= 0)
			r = digest_file(path.text, hex, NULL, err);
		if (r >= 0)
			digest_field_text(&digest, names[i], hex);
	}
	if (r < 0) {
		digest_drop(&digest);
		return r;
	}
	return digest_end(&digest, ret_key, err);
}

/* Is everything of an earlier bake as it was? */
static int check_folder(const struct bake *bake, const struct cargo_lock *lock, const char *folder,
			struct error *err)
{
	for (size_t i = 0; i < lock->count; i++) {
		const struct cargo_package *package = &lock->packages[i];
		struct path path;
		if (package->is_root)
			continue;
		int r = vendor_crate_path(bake, package, &path, err);
		if (r >= 0)
			r = vendor_check_crate(package, path.text, err);
		if (r < 0)
			return r;
	}
	return seal_check(folder, err);
}

int vendor_bake(struct bake *bake, const struct cargo_lock *lock, struct path *ret_folder,
		struct error *err)
{
	char key[DIGEST_HEX_SIZE];
	struct path folder = {.text = ""};

	int r = folder_key(bake, key, err);
	if (r >= 0)
		r = path_format(ret_folder, err, "%s/vendor/%s", bake->cache.folder.text, key);
	if (r < 0)
		return r;
	if (path_exists(ret_folder->text))
		return check_folder(bake, lock, ret_folder->text, err);
	r = vendor_fetch(bake, lock, err);
	if (r < 0)
		return r;
	bake_stage(bake, STAGE_CRATES);
	progress_total(&bake->progress, lock->count - 1);
	r = cache_begin(&bake->cache, &folder, err);
	if (r >= 0)
		r = make_folder(bake, lock, folder.text, err);
	if (r >= 0)
		r = seal_write(folder.text, err);
	if (r >= 0)
		r = cache_commit(&bake->cache, folder.text, ret_folder->text, err);
	if (r < 0)
		cache_abandon(folder.text);
	return r;
}
