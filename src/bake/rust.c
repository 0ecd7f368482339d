#include "bake/rust.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bake/json.h"
#include "bake/rust_files.h"
#include "bake/rust_link.h"
#include "bake/tree.h"
#include "base/fd.h"

/*
 * A channel's files are identified by the hash of their contents. Hashing half a gigabyte takes a
 * second, so the hash is remembered in the cache under the files' sizes, times and inodes.
 */

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

/* Is there a tool chain of this rustup channel? Returns 1 and its real path, or 0. */
static int find_toolchain(const char *rustup_channel, struct path *ret_folder, struct error *err)
{
	struct path folders[3], rustc;
	struct utsname host;
	size_t count;

	int r = rustup_folders(folders, &count, err);
	if (r < 0)
		return r;
	if (uname(&host) < 0)
		return error_set(err, -errno, "rust", "cannot tell this machine's kind");
	for (size_t i = 0; i < count; i++) {
		struct path folder;
		r = path_format(&folder, err, "%s/%s-%s-unknown-linux-gnu", folders[i].text,
				rustup_channel, host.machine);
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

static int memo_path(const struct bake *bake, const char *identity, struct path *ret_path,
		     struct error *err)
{
	return path_format(ret_path, err, "%s/memo/rust-%s", bake->cache.folder.text, identity);
}

/* Returns 1 when the hash is remembered. */
static int memo_read(const char *path, char ret_hex[DIGEST_HEX_SIZE])
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, ret_hex, DIGEST_HEX_SIZE - 1);
	ret_hex[n > 0 ? n : 0] = '\0';
	return digest_is_hex(ret_hex);
}

static int add_channel(struct bake *bake, const char *name, struct channel **ret_channel,
		       struct error *err)
{
	if (bake->channel_count >= BAKE_CHANNELS_MAX)
		return error_set_plain(err, -E2BIG, "rust", "there are more than %d channels",
				       BAKE_CHANNELS_MAX);
	struct channel *channel = &bake->channels[bake->channel_count++];
	*channel = (struct channel){.from_debian = 0};
	snprintf(channel->name, sizeof(channel->name), "%s", name);
	*ret_channel = channel;
	return 0;
}

static int layer_path(const struct bake *bake, struct channel *channel, struct error *err)
{
	char key[DIGEST_HEX_SIZE + 64];

	snprintf(key, sizeof(key), "%s-%lld-%s", channel->name, (long long)bake->definition->epoch,
		 channel->digest);
	return bake_layer(bake, "rust-" BAKE_FORMAT, key, &channel->layer, err);
}

/* Copies the files into folder, which becomes the layer they name. */
static int fill_layer(struct bake *bake, struct channel *channel, const char *folder,
		      struct error *err)
{
	const json_t *rust = json_object_get(definition_rust(bake->definition)->json, "rust");
	struct path to, root;

	int r = path_format(&root, err, "%s/root", folder);
	if (r >= 0)
		r = path_format(&to, err, "%s/opt/rust/%s", root.text, channel->name);
	if (r >= 0)
		r = path_make_folders(to.text, err);
	if (r >= 0)
		r = rust_files_copy(channel->toolchain.text, rust, to.text, &bake->progress,
				    channel->digest, err);
	if (r >= 0)
		r = tree_normalise(root.text, bake->definition->epoch, err);
	return r < 0 ? r : layer_path(bake, channel, err);
}

static int make_layer(struct bake *bake, struct channel *channel, const char *memo,
		      struct error *err)
{
	struct path folder = {.text = ""};

	bake_stage(bake, STAGE_RUST);
	int r = cache_begin(&bake->cache, &folder, err);
	if (r >= 0)
		r = fill_layer(bake, channel, folder.text, err);
	if (r >= 0)
		r = cache_commit(&bake->cache, folder.text, channel->layer.text, err);
	if (r >= 0)
		return path_write_file(memo, 0644, channel->digest, strlen(channel->digest), err);
	cache_abandon(folder.text);
	return r;
}

static int bake_channel(struct bake *bake, const json_t *rust, struct channel *channel,
			struct error *err)
{
	char identity[DIGEST_HEX_SIZE];
	struct path memo;

	int r = rust_files_identity(channel->toolchain.text, rust, identity, err);
	if (r >= 0)
		r = memo_path(bake, identity, &memo, err);
	if (r < 0)
		return r;
	r = memo_read(memo.text, channel->digest) ? layer_path(bake, channel, err) : 0;
	return r != 0 ? r : make_layer(bake, channel, memo.text, err);
}

int rust_bake(struct bake *bake, struct error *err)
{
	const struct recipe *recipe = definition_rust(bake->definition);
	const json_t *rust = recipe ? json_object_get(recipe->json, "rust") : NULL;
	struct channel *channel;
	const char *name;
	json_t *wanted;

	json_object_foreach (json_object_get(rust, "channels"), name, wanted) {
		struct path folder;
		int r = find_toolchain(json_text(wanted, "rustup"), &folder, err);
		if (r == 0)
			continue;
		if (r > 0)
			r = add_channel(bake, name, &channel, err);
		if (r < 0)
			return r;
		channel->toolchain = folder;
		r = bake_channel(bake, rust, channel, err);
		if (r < 0)
			return r;
	}
	if (!rust || bake->channel_count > 0)
		return 0;
	int r = add_channel(bake, json_text(json_object_get(rust, "debian"), "channel"), &channel,
			    err);
	if (r >= 0)
		channel->from_debian = 1;
	return r;
}

static int place_channel(const struct bake *bake, const struct channel *channel, struct error *err)
{
	struct path from, to;

	int r = path_format(&from, err, "%s/root", channel->layer.text);
	if (r >= 0)
		r = path_format(&to, err, "%s/root", bake->image.text);
	return r < 0 ? r : tree_link(from.text, to.text, NULL, err);
}

/* Debian's programs are in /usr/bin: links make them look like a tool chain of /opt/rust. */
static int link_debian(struct bake *bake, const struct channel *channel, struct error *err)
{
	const json_t *rust = json_object_get(definition_rust(bake->definition)->json, "rust");
	const json_t *links = json_object_get(json_object_get(rust, "debian"), "links");
	struct path folder, link;
	const char *name;
	json_t *target;

	int r = path_format(&folder, err, "%s/root/opt/rust/%s/bin", bake->image.text,
			    channel->name);
	if (r >= 0)
		r = path_make_folders(folder.text, err);
	json_object_foreach ((json_t *)links, name, target) {
		if (r >= 0)
			r = path_format(&link, err, "%s/root/opt/rust/%s/%s", bake->image.text,
					channel->name, name);
		if (r >= 0 && symlink(json_string_value(target), link.text) < 0)
			r = error_set(err, -errno, "rust", "cannot make the link %s", link.text);
	}
	return r;
}

int rust_place(struct bake *bake, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < bake->channel_count && r >= 0; i++) {
		const struct channel *channel = &bake->channels[i];
		r = channel->from_debian ? link_debian(bake, channel, err)
					 : place_channel(bake, channel, err);
		if (r >= 0)
			r = rust_link_write(bake, channel, err);
	}
	return r;
}

const struct channel *rust_channel(const struct bake *bake, const char *name)
{
	for (size_t i = 0; i < bake->channel_count; i++)
		if (strcmp(bake->channels[i].name, name) == 0)
			return &bake->channels[i];
	return NULL;
}
