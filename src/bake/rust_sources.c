#include "bake/rust_sources.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bake/dist.h"
#include "bake/json.h"
#include "bake/memo.h"
#include "bake/taken.h"
#include "base/fd.h"

enum { TARGET_SIZE = 64 };
#define VERSION_UNKNOWN "?" /* noted, so that it is not looked for again */

/* The patterns and the place of a channel's files; to: room for the latter. */
static struct taken taken_of(const json_t *rust, const char *channel, struct path *to)
{
	path_format(to, NULL, "opt/rust/%s", channel);
	return (struct taken){
		.kind = "rust",
		.name = channel,
		.to = to->text,
		.files = {.keep = json_object_get(rust, "keep"),
			  .drop = json_object_get(rust, "drop")},
	};
}

/* Where rustup keeps its tool chains, in the order they are looked at. */
static int rustup_folders(struct path ret[3], size_t *ret_count, struct error *err)
{
	const char *own = getenv("RUSTUP_HOME");
	const char *home = getenv("HOME");
	const char *sudo_user =
		getenv("SUDO_USER"); /* `sudo make image`: the caller's tool chains */
	const struct passwd *user = sudo_user ? getpwnam(sudo_user) : NULL;
	size_t n = 0;
	int r = 0;

	if (own && *own == '/')
		r = path_format(&ret[n++], err, "%s/toolchains", own);
	if (r >= 0 && home && *home == '/')
		r = path_format(&ret[n++], err, "%s/.rustup/toolchains", home);
	if (r >= 0 && user && user->pw_dir)
		r = path_format(&ret[n++], err, "%s/.rustup/toolchains", user->pw_dir);
	*ret_count = n;
	return r;
}

/* This machine as Rust calls it. */
static int find_target(char ret_target[TARGET_SIZE], struct error *err)
{
	struct utsname host;

	if (uname(&host) < 0)
		return error_set(err, -errno, "rust", "cannot tell this machine's kind");
	snprintf(ret_target, TARGET_SIZE, "%.32s-unknown-linux-gnu", host.machine);
	return 0;
}

/* Is there a tool chain of this rustup channel? Returns 1 and its real path, or 0. */
static int find_toolchain(const char *rustup_channel, struct path *ret_folder, struct error *err)
{
	struct path folders[3], rustc;
	char target[TARGET_SIZE];
	size_t count;

	int r = rustup_folders(folders, &count, err);
	if (r >= 0)
		r = find_target(target, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		struct path folder;
		r = path_format(&folder, err, "%s/%s-%s", folders[i].text, rustup_channel, target);
		if (r < 0)
			return r;
		if (!realpath(folder.text, ret_folder->text))
			continue;
		r = path_format(&rustc, err, "%s/bin/rustc", ret_folder->text);
		if (r < 0)
			return r;
		if (access(rustc.text, X_OK) == 0)
			return 1;
	}
	ret_folder->text[0] = '\0';
	return 0;
}

/* Notes what came of a channel's files. more: further keys of its lock, or NULL; taken over. */
static int take_result(struct channel *channel, const struct taken_result *result, json_t *more,
		       struct error *err)
{
	channel->layer = result->layer;
	memcpy(channel->digest, result->tree_sha256, sizeof(channel->digest));
	channel->lock = json_pack("{s:s, s:s}", "source", json_text(channel->source, "kind"),
				  "tree_sha256", result->tree_sha256);
	int r = channel->lock ? json_object_update(channel->lock, more) : -1;
	json_decref(more);
	return r < 0 ? error_set(err, -ENOMEM, "rust", "cannot note a tool chain") : 0;
}

/*
 * What rustup says it has installed: the manifest of that day lies in the tool chain. It is only
 * said, so that nothing depends on it; found out once for each state of the files.
 */
static int rustup_version(struct bake *bake, const struct channel *channel, const char *identity,
			  char ret_version[MEMO_TEXT_SIZE], struct error *err)
{
	struct dist_manifest manifest;
	struct path path;

	if (memo_read(bake, "rust-version", identity, ret_version)) {
		if (strcmp(ret_version, VERSION_UNKNOWN) == 0)
			ret_version[0] = '\0';
		return 0;
	}
	int r = path_format(&path, err, "%s/lib/rustlib/multirust-channel-manifest.toml",
			    channel->toolchain.text);
	if (r < 0)
		return r;
	int found = dist_manifest_read(&bake->cache, path.text, "the tool chain's manifest", "",
				       NULL, &manifest, NULL) >= 0 &&
		    manifest.version[0];
	snprintf(ret_version, MEMO_TEXT_SIZE, "%s", found ? manifest.version : "");
	return memo_write(bake, "rust-version", identity, found ? ret_version : VERSION_UNKNOWN,
			  err);
}

/* The sources by kind: 1 when it could be had, 0 when not, or a negative errno. */
static int try_rustup(struct bake *bake, const json_t *rust, struct channel *channel,
		      struct error *err)
{
	char identity[DIGEST_HEX_SIZE], version[MEMO_TEXT_SIZE];
	struct taken_result result;
	struct path to;
	struct taken taken = taken_of(rust, channel->name, &to);

	int r = find_toolchain(json_text(channel->source, "toolchain"), &channel->toolchain, err);
	if (r <= 0)
		return r;
	taken.files.folder = channel->toolchain.text;
	taken.identity = identity;
	r = folder_files_identity(&taken.files, identity, err);
	if (r >= 0)
		r = taken_known(bake, &taken, &result, err);
	if (r == 0)
		r = taken_make(bake, &taken, NULL, &result, err);
	if (r >= 0)
		r = rustup_version(bake, channel, identity, version, err);
	if (r >= 0)
		r = take_result(channel, &result,
				*version ? json_pack("{s:s}", "version", version) : json_object(),
				err);
	return r < 0 ? r : 1;
}

/* What all of it comes to, without looking at it. */
static int dist_identity(const struct dist_found *found, const char *target, const json_t *rust,
			 char ret_hex[DIGEST_HEX_SIZE], struct error *err)
{
	static const char *const keys[] = {"components", "keep", "drop"};
	struct digest digest;

	digest_begin(&digest);
	digest_field_text(&digest, "manifest", found->sha256);
	digest_field_text(&digest, "target", target);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		_cleanup_free_ char *text =
			json_dumps(json_object_get(rust, keys[i]), JSON_COMPACT);
		if (!text) {
			digest_drop(&digest);
			return error_set(err, -ENOMEM, "rust", "cannot name a tool chain");
		}
		digest_field_text(&digest, keys[i], text);
	}
	return digest_end(&digest, ret_hex, err);
}

/* Puts the tool chain together in a folder of its own, as rustup would have it. */
static int make_from_dist(struct bake *bake, const struct dist_manifest *manifest,
			  struct taken *taken, struct taken_result *result, struct error *err)
{
	struct path folder = {.text = ""};

	int r = cache_begin(&bake->cache, &folder, err);
	if (r >= 0)
		r = dist_unpack(bake, manifest, folder.text, err);
	taken->files.folder = folder.text;
	if (r >= 0)
		r = taken_make(bake, taken, NULL, result, err);
	cache_abandon(folder.text);
	return r;
}

/* One manifest: takes what it names. As a source; -ENOENT when some of it cannot be had. */
static int take_dist(struct bake *bake, const json_t *rust, struct channel *channel,
		     const struct dist_found *found, struct error *err)
{
	char identity[DIGEST_HEX_SIZE], target[TARGET_SIZE];
	struct dist_manifest manifest;
	struct taken_result result;
	struct path to;
	struct taken taken = taken_of(rust, channel->name, &to);

	int r = find_target(target, err);
	if (r >= 0)
		r = dist_manifest_read(&bake->cache, found->path.text, found->name, target,
				       json_object_get(rust, "components"), &manifest, err);
	if (r >= 0)
		r = dist_identity(found, target, rust, identity, err);
	if (r < 0)
		return r;
	taken.identity = identity;
	r = taken_known(bake, &taken, &result, err);
	if (r == 0)
		r = make_from_dist(bake, &manifest, &taken, &result, err);
	if (r < 0)
		return r;
	json_t *more = json_pack("{s:s, s:s, s:s}", "date", manifest.date, "manifest_sha256",
				 found->sha256, "version", manifest.version);
	r = take_result(channel, &result, more, err);
	return r < 0 ? r : 1;
}

static int try_dist(struct bake *bake, const json_t *rust, struct channel *channel,
		    struct error *err)
{
	const json_t *locked =
		json_object_get(json_object_get(bake->locked, "rust"), channel->name);
	const char *name = json_text(channel->source, "channel");
	struct dist_found found;
	struct error why = {.code = 0};

	int r = dist_find(bake, name, locked, bake->refresh, &found, err);
	if (r <= 0)
		return r;
	r = take_dist(bake, rust, channel, &found, &why);
	if (r == -ENOENT && found.is_known) {
		progress_say(&bake->progress, "%s, as it was found before: %s; locking it again",
			     found.name, why.text);
		r = dist_find(bake, name, locked, 1, &found, err);
		if (r > 0)
			r = take_dist(bake, rust, channel, &found, &why);
	}
	return r < 0 && why.code < 0 ? error_set_plain(err, r, why.step, "%s", why.text) : r;
}

static int try_deb(struct bake *bake, const json_t *rust, struct channel *channel,
		   struct error *err)
{
	(void)bake;
	(void)rust;
	channel->from_debian = 1;
	channel->lock = json_pack("{s:s}", "source", "deb");
	return channel->lock ? 1 : error_set(err, -ENOMEM, "rust", "cannot note a tool chain");
}

int rust_source_try(struct bake *bake, const json_t *rust, struct channel *channel,
		    struct error *err)
{
	static const struct {
		const char *kind;
		int (*try)(struct bake *bake, const json_t *rust, struct channel *channel,
			   struct error *err);
	} kinds[] = {
		{"rustup", try_rustup},
		{"dist", try_dist},
		{"deb", try_deb},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, json_text(channel->source, "kind")) == 0)
			return kinds[i].try(bake, rust, channel, err);
	return 0;
}
