#include "bake/recipe_sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bake/json.h"
#include "bake/packages.h"
#include "bake/path.h"
#include "bake/template.h"
#include "image/digest.h"

enum { WHERE_MAX = 96 };

static const struct json_field rustup_fields[] = {
	{"kind", JSON_SHAPE_TEXT, 0},
	{"toolchain", JSON_SHAPE_TEXT, 0},
};

static const struct json_field dist_fields[] = {
	{"kind", JSON_SHAPE_TEXT, 0},
	{"channel", JSON_SHAPE_TEXT, 0},
};

static const struct json_field channel_deb_fields[] = {
	{"kind", JSON_SHAPE_TEXT, 0},
	{"packages", JSON_SHAPE_TEXTS, 0},
	{"links", JSON_SHAPE_TEXT_MAP, 0},
};

static const struct json_field tool_deb_fields[] = {
	{"kind", JSON_SHAPE_TEXT, 0},
	{"packages", JSON_SHAPE_TEXTS, 0},
};

static const struct json_field tar_fields[] = {
	{"kind", JSON_SHAPE_TEXT, 0},
	{"file", JSON_SHAPE_TEXT, 0},
	{"sha256", JSON_SHAPE_TEXT, 0},
	{"top", JSON_SHAPE_TEXT, 1},
};

static const struct json_field dir_fields[] = {
	{"kind", JSON_SHAPE_TEXT, 0},
	{"path", JSON_SHAPE_TEXT, 0},
	{"tree_sha256", JSON_SHAPE_TEXT, 0},
};

#define KIND(name, table)                                                                          \
	{                                                                                          \
		name, table, sizeof(table) / sizeof((table)[0])                                    \
	}

/* Of a Rust channel and of a tool; NULL ends. */
static const struct json_kind channel_kinds[] = {
	KIND("rustup", rustup_fields),
	KIND("dist", dist_fields),
	KIND("deb", channel_deb_fields),
	{NULL, NULL, 0},
};

static const struct json_kind tool_kinds[] = {
	KIND("tar", tar_fields),
	KIND("dir", dir_fields),
	KIND("deb", tool_deb_fields),
	{NULL, NULL, 0},
};

const json_t *recipe_source_of(const json_t *sources, const char *kind)
{
	size_t i;
	json_t *source;

	json_array_foreach (sources, i, source)
		if (strcmp(json_text(source, "kind"), kind) == 0)
			return source;
	return NULL;
}

/* What goes into file names and addresses. */
static int is_word(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 64 && text[0] != '-' && text[0] != '.' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       len;
}

/* What the fields say, beyond their shapes. */
static int check_values(const json_t *source, struct json_place place, struct error *err)
{
	static const char *const words[] = {"toolchain", "channel", "top"};
	static const char *const sums[] = {"sha256", "tree_sha256"};
	size_t k;
	json_t *name;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (json_object_get(source, words[i]) && !is_word(json_text(source, words[i])))
			return json_refuse(
				place, words[i], err,
				"must be a word of letters, digits, \".\", \"_\", \"-\"");
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		if (json_object_get(source, sums[i]) && !digest_is_hex(json_text(source, sums[i])))
			return json_refuse(place, sums[i], err, "must be 64 lower-case hex digits");
	json_array_foreach (json_object_get(source, "packages"), k, name)
		if (!packages_is_name(json_string_value(name)))
			return json_refuse(place, "packages", err, "has \"%s\", no package's name",
					   json_string_value(name));
	return 0;
}

static int check_source(const json_t *source, const struct json_kind *kinds,
			struct json_place place, struct error *err)
{
	int r = json_check_kind(source, "kind", kinds, place, err);
	return r < 0 ? r : check_values(source, place, err);
}

static int check_sources(const json_t *sources, const struct json_kind *kinds,
			 struct json_place place, struct error *err)
{
	size_t i;
	json_t *source;

	if (json_array_size(sources) == 0)
		return json_refuse(place, "sources", err, "must name at least one");
	json_array_foreach (sources, i, source) {
		char where[WHERE_MAX];
		snprintf(where, sizeof(where), "%s.sources[%zu]", place.path, i);
		int r = check_source(source, kinds, (struct json_place){place.file, where}, err);
		if (r < 0)
			return r;
	}
	/* The lock keeps what a list of packages would bring by the part's name alone. */
	size_t debs = 0;
	json_array_foreach (sources, i, source)
		debs += strcmp(json_text(source, "kind"), "deb") == 0;
	return debs > 1 ? json_refuse(place, "sources", err, "has the kind \"deb\" twice") : 0;
}

static const struct json_field rust_fields[] = {
	{"channels", JSON_SHAPE_OBJECT, 0},    {"components", JSON_SHAPE_TEXTS, 0},
	{"keep", JSON_SHAPE_TEXTS, 0},	       {"drop", JSON_SHAPE_TEXTS, 0},
	{"crates_script", JSON_SHAPE_TEXT, 0},
};

static const struct json_field channel_fields[] = {
	{"sources", JSON_SHAPE_ARRAY, 0},
	{"missing", JSON_SHAPE_TEXT, 0},
};

static int check_channel(const json_t *channel, struct json_place place, struct error *err)
{
	int r = json_check_object(channel, channel_fields,
				  sizeof(channel_fields) / sizeof(channel_fields[0]), place, err);
	return r < 0 ? r
		     : check_sources(json_object_get(channel, "sources"), channel_kinds, place,
				     err);
}

int recipe_check_rust(const json_t *rust, const json_t *options, const char *file,
		      struct error *err)
{
	const json_t *values = json_object_get(json_object_get(options, "channel"), "values");
	struct json_place place = {file, "rust"};
	const char *key;
	json_t *channel, *component;
	size_t i;

	int r = json_check_object(rust, rust_fields, sizeof(rust_fields) / sizeof(rust_fields[0]),
				  place, err);
	if (r < 0)
		return r;
	json_array_foreach (json_object_get(rust, "components"), i, component)
		if (!is_word(json_string_value(component)))
			return json_refuse(place, "components", err,
					   "has \"%s\", no component's name",
					   json_string_value(component));
	json_object_foreach (json_object_get(rust, "channels"), key, channel) {
		char where[WHERE_MAX];
		snprintf(where, sizeof(where), "rust.channels.%s", key);
		r = check_channel(channel, (struct json_place){file, where}, err);
		if (r < 0)
			return r;
		if (!is_word(key) || strlen(key) > 32 || !template_among(values, key))
			return json_refuse(place, "channels", err,
					   "names \"%s\", which language.options.channel has not",
					   key);
	}
	return 0;
}

static const struct json_field tool_fields[] = {
	{"name", JSON_SHAPE_TEXT, 0},
	{"to", JSON_SHAPE_TEXT, 0},
	{"sources", JSON_SHAPE_ARRAY, 0},
};

static int check_tool(const json_t *tool, struct json_place place, struct error *err)
{
	int r = json_check_object(tool, tool_fields, sizeof(tool_fields) / sizeof(tool_fields[0]),
				  place, err);
	if (r < 0)
		return r;
	if (!is_word(json_text(tool, "name")))
		return json_refuse(place, "name", err,
				   "must be a word of letters, digits, \".\", \"_\", \"-\"");
	if (!path_is_below(json_text(tool, "to")))
		return json_refuse(place, "to", err, "is \"%s\", no path inside the image",
				   json_text(tool, "to"));
	return check_sources(json_object_get(tool, "sources"), tool_kinds, place, err);
}

int recipe_check_tools(const json_t *tools, const char *file, struct error *err)
{
	size_t i;
	json_t *tool;

	json_array_foreach (tools, i, tool) {
		char where[WHERE_MAX];
		snprintf(where, sizeof(where), "tools[%zu]", i);
		int r = check_tool(tool, (struct json_place){file, where}, err);
		if (r < 0)
			return r;
	}
	return 0;
}
