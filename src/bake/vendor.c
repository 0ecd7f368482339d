#include "bake/vendor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/json.h"
#include "bake/tree.h"
#include "bake/unpack.h"
#include "base/clock.h"
#include "base/fd.h"

/*
 * Cargo's directory sources do not protect: a file that .cargo-checksum.json does not list is
 * compiled all the same. So the only check that counts is that of the .crate against the lock, and
 * what is unpacked from it goes straight to where the build reads it.
 */

enum {
	FETCH_WALL_SEC = 1200,
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

static int crate_path(const struct bake *bake, const struct cargo_package *package,
		      struct path *ret_path, struct error *err)
{
	return path_format(ret_path, err, "%s/crates/%s-%s.crate", bake->cache.folder.text,
			   package->name, package->version);
}

/* Is the file what the lock says? Returns 1, 0 when there is none, -EBADMSG when it is another. */
static int check_crate(const struct cargo_package *package, const char *path, struct error *err)
{
	char hex[DIGEST_HEX_SIZE];

	if (!path_exists(path))
		return 0;
	int r = digest_file(path, hex, NULL, err);
	if (r < 0)
		return r;
	if (strcmp(hex, package->sha256) == 0)
		return 1;
	return error_set_plain(err, -EBADMSG, "crates",
			       "%s %s: %s is not the file Cargo.lock names (sha256 %.12s…, not "
			       "%.12s…); remove it and bake again",
			       package->name, package->version, path, hex, package->sha256);
}

/* The folder cargo keeps its downloads in. */
static int cargo_home(struct path *ret_path, struct error *err)
{
	const char *own = getenv("CARGO_HOME"), *home = getenv("HOME");

	if (own && *own == '/')
		return path_format(ret_path, err, "%s", own);
	if (home && *home == '/')
		return path_format(ret_path, err, "%s/.cargo", home);
	return error_set_plain(err, -EINVAL, "crates", "there is neither CARGO_HOME nor HOME");
}

/* Copies a crate cargo has downloaded to our cache, if it is there, after checking it. Returns as
 * check_crate(). */
static int take_download(const struct bake *bake, const struct cargo_package *package,
			 struct error *err)
{
	struct path home, pattern, to, temporary;
	glob_t found;

	int r = cargo_home(&home, err);
	if (r >= 0)
		r = path_format(&pattern, err, "%s/registry/cache/*/%s-%s.crate", home.text,
				package->name, package->version);
	if (r >= 0)
		r = crate_path(bake, package, &to, err);
	if (r >= 0)
		r = path_format(&temporary, err, "%s/tmp/%s-%s.crate", bake->cache.folder.text,
				package->name, package->version);
	if (r < 0)
		return r;
	if (glob(pattern.text, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc && r == 0; i++) {
		unlink(temporary.text);
		r = tree_copy_file(found.gl_pathv[i], temporary.text, 0644, NULL, err);
		if (r >= 0)
			r = check_crate(package, temporary.text, err);
		if (r == -EBADMSG)
			error_set_plain(err, r, "crates",
					"%s %s: %s is not the file Cargo.lock names; remove it and "
					"bake again",
					package->name, package->version, found.gl_pathv[i]);
		if (r > 0 && rename(temporary.text, to.text) < 0)
			r = error_set(err, -errno, "crates", "cannot keep %s", to.text);
	}
	globfree(&found);
	return r;
}

/* How many crates are not in our cache yet; what cargo has already is taken from there. */
static int count_missing(struct bake *bake, const struct cargo_lock *lock, size_t *ret_missing,
			 struct error *err)
{
	size_t missing = 0;

	for (size_t i = 0; i < lock->count; i++) {
		const struct cargo_package *package = &lock->packages[i];
		struct path path;
		if (package->is_root)
			continue;
		int r = crate_path(bake, package, &path, err);
		if (r >= 0)
			r = check_crate(package, path.text, err);
		if (r == 0)
			r = take_download(bake, package, err);
		if (r < 0)
			return r;
		missing += r == 0;
	}
	*ret_missing = missing;
	return 0;
}

/* cargo for the fetch: the one in PATH, or that of the tool chain that goes into the image. */
static int find_cargo(const struct bake *bake, struct path *ret_cargo, struct error *err)
{
	for (size_t i = 0; i < bake->channel_count; i++) {
		if (bake->channels[i].from_debian)
			continue;
		int r = path_format(ret_cargo, err, "%s/bin/cargo",
				    bake->channels[i].toolchain.text);
		if (r < 0)
			return r;
		if (access(ret_cargo->text, X_OK) == 0)
			return 0;
	}
	return path_format(ret_cargo, err, "cargo");
}

static int copy_set(const struct bake *bake, const char *folder, struct error *err)
{
	static const char *const names[] = {"Cargo.toml", "Cargo.lock"};
	struct path from, to;
	int r = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && r >= 0; i++) {
		r = path_format(&from, err, "%s/%s", bake->definition->crates.text, names[i]);
		if (r >= 0)
			r = path_format(&to, err, "%s/%s", folder, names[i]);
		if (r >= 0)
			r = tree_copy_file(from.text, to.text, 0644, NULL, err);
	}
	if (r >= 0)
		r = path_format(&to, err, "%s/lib.rs", folder);
	return r < 0 ? r : path_write_file(to.text, 0644, "", 0, err);
}

static int run_fetch(struct bake *bake, const char *folder, struct error *err)
{
	struct path cargo;
	int r = find_cargo(bake, &cargo, err);
	if (r < 0)
		return r;
	const char *const argv[] = {cargo.text, "fetch", "--locked", NULL};
	const char *const env[] = {"CARGO_TERM_COLOR=never", NULL};
	const struct child_spec spec = {.argv = argv,
					.env = env,
					.cwd = folder,
					.keep_fd = -EBADF,
					.wall_usec = FETCH_WALL_SEC * USEC_PER_SEC};
	return bake_tool(bake, "cargo fetch", &spec, NULL, err);
}

/* Gets every crate of the lock into our cache, checked. */
static int fetch(struct bake *bake, const struct cargo_lock *lock, struct error *err)
{
	struct path folder = {.text = ""};
	size_t missing;

	int r = count_missing(bake, lock, &missing, err);
	if (r < 0 || missing == 0)
		return r;
	r = cache_begin(&bake->cache, &folder, err);
	if (r >= 0)
		r = copy_set(bake, folder.text, err);
	if (r >= 0)
		r = run_fetch(bake, folder.text, err);
	cache_abandon(folder.text);
	if (r >= 0)
		r = count_missing(bake, lock, &missing, err);
	if (r >= 0 && missing > 0)
		r = error_set_plain(err, -ENOENT, "crates",
				    "%zu crates of Cargo.lock are not in CARGO_HOME/registry/cache "
				    "after cargo fetch",
				    missing);
	return r;
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
	int r = crate_path(bake, package, &crate, err);
	if (r >= 0)
		r = check_crate(package, crate.text, err);
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
		r = copy_set(bake, folder, err);
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

int vendor_bake(struct bake *bake, const struct cargo_lock *lock, struct path *ret_folder,
		struct error *err)
{
	char key[DIGEST_HEX_SIZE];
	struct path folder = {.text = ""};

	int r = folder_key(bake, key, err);
	if (r >= 0)
		r = path_format(ret_folder, err, "%s/vendor/%s", bake->cache.folder.text, key);
	if (r < 0 || path_exists(ret_folder->text))
		return r;
	bake_stage(bake, STAGE_CRATES);
	progress_total(&bake->progress, lock->count - 1);
	r = fetch(bake, lock, err);
	if (r >= 0)
		r = cache_begin(&bake->cache, &folder, err);
	if (r >= 0)
		r = make_folder(bake, lock, folder.text, err);
	if (r >= 0)
		r = cache_commit(&bake->cache, folder.text, ret_folder->text, err);
	if (r < 0)
		cache_abandon(folder.text);
	return r;
}
