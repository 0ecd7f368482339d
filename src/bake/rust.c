#include "bake/rust.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bake/json.h"
#include "bake/rust_link.h"
#include "bake/taken.h"
#include "bake/tree.h"

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

static int add_channel(struct bake *bake, const char *name, struct channel **ret_channel,
		       struct error *err)
{
	if (bake->channel_count >= BAKE_CHANNELS_MAX)
		return error_set_plain(err, -E2BIG, "rust", "there are more than %d channels",
				       BAKE_CHANNELS_MAX);
	struct channel *channel = &bake->channels[bake->channel_count++];
	*channel = (struct channel){.source = NULL};
	snprintf(channel->name, sizeof(channel->name), "%s", name);
	*ret_channel = channel;
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

/* The sources by kind: 1 when it could be had, 0 when not, or a negative errno. */
static int try_rustup(struct bake *bake, const json_t *rust, struct channel *channel,
		      struct error *err)
{
	char identity[DIGEST_HEX_SIZE];
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
		r = take_result(channel, &result, json_object(), err);
	return r < 0 ? r : 1;
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

static int try_source(struct bake *bake, const json_t *rust, struct channel *channel,
		      struct error *err)
{
	static const struct {
		const char *kind;
		int (*try)(struct bake *bake, const json_t *rust, struct channel *channel,
			   struct error *err);
	} kinds[] = {
		{"rustup", try_rustup},
		{"deb", try_deb},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, json_text(channel->source, "kind")) == 0)
			return kinds[i].try(bake, rust, channel, err);
	return 0;
}

/* A channel none of whose sources can be had is not in the image. */
static int bake_channel(struct bake *bake, const json_t *rust, const char *name,
			const json_t *sources, struct error *err)
{
	struct channel *channel = NULL;
	size_t i;
	json_t *source;

	int r = add_channel(bake, name, &channel, err);
	if (r < 0)
		return r;
	json_array_foreach (sources, i, source) {
		channel->source = source;
		r = try_source(bake, rust, channel, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	bake->channel_count--;
	return 0;
}

int rust_bake(struct bake *bake, struct error *err)
{
	const struct recipe *recipe = definition_rust(bake->definition);
	const json_t *rust = recipe ? json_object_get(recipe->json, "rust") : NULL;
	const char *name;
	json_t *wanted;
	int r = 0;

	json_object_foreach (json_object_get(rust, "channels"), name, wanted)
		if (r >= 0)
			r = bake_channel(bake, rust, name, json_object_get(wanted, "sources"), err);
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
	const json_t *links = json_object_get(channel->source, "links");
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
