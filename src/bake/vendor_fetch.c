#include "bake/vendor_fetch.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/cargo_says.h"
#include "bake/tree.h"
#include "base/clock.h"

enum { FETCH_WALL_SEC = 1200 };

int vendor_crate_path(const struct bake *bake, const struct cargo_package *package,
		      struct path *ret_path, struct error *err)
{
	return path_format(ret_path, err, "%s/crates/%s-%s.crate", bake->cache.folder.text,
			   package->name, package->version);
}

int vendor_check_crate(const struct cargo_package *package, const char *path, struct error *err)
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
 * vendor_check_crate(). */
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
		r = vendor_crate_path(bake, package, &to, err);
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
			r = vendor_check_crate(package, temporary.text, err);
		if (r == -EBADMSG)
			error_set_plain(err, r, "crates",
					"%s %s: %s is not the file Cargo.lock names; remove it and "
					"bake again",
					package->name, package->version, found.gl_pathv[i]);
		if (r > 0 && rename(temporary.text, to.text) < 0)
			r = error_set(err, -errno, "crates", "cannot keep %s", to.text);
		if (r < 0)
			unlink(temporary.text);
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
		int r = vendor_crate_path(bake, package, &path, err);
		if (r >= 0)
			r = vendor_check_crate(package, path.text, err);
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

int vendor_copy_set(const char *set, const char *folder, struct error *err)
{
	static const char *const names[] = {"Cargo.toml", "Cargo.lock"};
	struct path from, to;
	int r = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && r >= 0; i++) {
		r = path_format(&from, err, "%s/%s", set, names[i]);
		if (r >= 0)
			r = path_format(&to, err, "%s/%s", folder, names[i]);
		if (r >= 0)
			r = tree_copy_file(from.text, to.text, 0644, NULL, err);
	}
	if (r >= 0)
		r = path_format(&to, err, "%s/lib.rs", folder);
	return r < 0 ? r : path_write_file(to.text, 0644, "", 0, err);
}

uint64_t vendor_downloaded_bytes(const char *name, const char *version)
{
	struct path home, pattern;
	struct stat st;
	uint64_t bytes = 0;
	glob_t found;

	if (cargo_home(&home, NULL) < 0 ||
	    path_format(&pattern, NULL, "%s/registry/cache/*/%s-%s.crate", home.text, name,
			version) < 0 ||
	    glob(pattern.text, 0, NULL, &found) != 0)
		return 0;
	if (stat(found.gl_pathv[0], &st) == 0)
		bytes = (uint64_t)st.st_size;
	globfree(&found);
	return bytes;
}

/* crate: "NAME VERSION". */
static void note_download(struct bake *bake, const char *crate)
{
	char name[CARGO_SAYS_SIZE];
	const char *space = strchr(crate, ' ');

	snprintf(name, sizeof(name), "%.*s", space ? (int)(space - crate) : 0, crate);
	progress_add(&bake->progress, crate, space ? vendor_downloaded_bytes(name, space + 1) : 0);
}

static void fetch_line(void *owner, const char *line)
{
	struct bake *bake = owner;
	struct cargo_said said;

	if (!line) {
		progress_tick(&bake->progress, NULL);
		return;
	}
	cargo_says(line, &said);
	if (said.event == CARGO_SAYS_DOWNLOADED)
		note_download(bake, said.crate);
	progress_tool_line(&bake->progress, line);
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
					.wall_usec = FETCH_WALL_SEC * USEC_PER_SEC,
					.line = fetch_line,
					.owner = bake};
	return bake_tool(bake, "cargo fetch", &spec, NULL, err);
}

int vendor_fetch(struct bake *bake, const struct cargo_lock *lock, struct error *err)
{
	struct path folder = {.text = ""};
	size_t missing;

	int r = count_missing(bake, lock, &missing, err);
	if (r < 0 || missing == 0)
		return r;
	bake_stage(bake, STAGE_FETCH);
	progress_total(&bake->progress, missing);
	r = cache_begin(&bake->cache, &folder, err);
	if (r >= 0)
		r = vendor_copy_set(bake->definition->crates.text, folder.text, err);
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
