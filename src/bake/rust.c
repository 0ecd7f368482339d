#include "bake/rust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bake/json.h"
#include "bake/rust_link.h"
#include "bake/rust_sources.h"
#include "bake/tree.h"

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
		r = rust_source_try(bake, rust, channel, err);
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
