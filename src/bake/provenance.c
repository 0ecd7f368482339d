#include "bake/provenance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/effective.h"
#include "bake/json.h"
#include "base/fd.h"
#include "image/digest.h"

/* In a layer's folder, beside root/. */
#define KEPT_FILE "steps.json"

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "provenance", "cannot write " PROVENANCE_FILE);
}

/* ---- words ---- */

/* Where the folder stands in text as a whole path or the start of one; NULL: nowhere. */
static const char *find_path(const char *text, const char *folder)
{
	size_t len = strlen(folder);

	if (len == 0)
		return NULL;
	for (; (text = strstr(text, folder)); text++)
		if (strchr("/:", text[len])) /* or the end */
			return text;
	return NULL;
}

/* Where one of the two folders stands in text, the first; NULL: nowhere. */
static const char *find_folder(const char *text, const char *cache, const char *programs,
			       const char **ret_folder)
{
	const char *in_cache = find_path(text, cache);
	const char *in_programs = find_path(text, programs);
	const char *found =
		in_cache && (!in_programs || in_cache < in_programs) ? in_cache : in_programs;

	*ret_folder = found == in_cache ? cache : programs;
	return found;
}

char *provenance_word(const char *word, const char *cache, const char *programs)
{
	char *text = NULL;
	const char *folder, *found;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	while ((found = find_folder(word, cache, programs, &folder))) {
		fwrite(word, 1, (size_t)(found - word), out);
		word = found + strlen(folder);
		if (folder == programs) {
			fputs("{programs}", out);
		} else if (strncmp(word, "/tmp/", 5) == 0) {
			fputs("{work}", out);
			word += 5;
			word += strcspn(word, "/:");
		} else {
			fputs("{cache}", out);
		}
	}
	fputs(word, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static json_t *words_of(const struct bake *bake, const char *const *argv)
{
	json_t *words = json_array();

	for (; *argv; argv++) {
		_cleanup_free_ char *word =
			provenance_word(*argv, bake->cache.folder.text, bake->programs.text);
		if (!word || json_array_append_new(words, json_string(word)) < 0) {
			json_decref(words);
			return NULL;
		}
	}
	return words;
}

/* ---- noting ---- */

/* What was noted since the last layer: {commands: [{argv, cell}]}. */
static json_t *noted(struct bake *bake)
{
	if (!bake->steps)
		bake->steps = json_pack("{s:[]}", "commands");
	return bake->steps;
}

int provenance_command(struct bake *bake, const char *const *argv, int in_cell, struct error *err)
{
	json_t *commands = json_object_get(noted(bake), "commands");
	json_t *command = json_pack("{s:b, s:o}", "cell", in_cell, "argv", words_of(bake, argv));

	return json_array_append_new(commands, command) < 0 ? no_memory(err) : 0;
}

int provenance_keep(struct bake *bake, const char *folder, struct error *err)
{
	struct path path;

	int r = path_format(&path, err, "%s/" KEPT_FILE, folder);
	if (r < 0)
		return r;
	if (!noted(bake))
		return no_memory(err);
	r = json_write_file(path.text, bake->steps, err);
	json_decref(bake->steps);
	bake->steps = NULL;
	return r;
}

enum kind {
	LAYER_COPIED, /* files of a tool chain or tool: no command makes them */
	LAYER_MADE,
};

/* What was kept with a layer, under its name in the cache. */
static int add_layer(json_t *layers, const struct path *layer, enum kind kind, struct error *err)
{
	json_auto_t *kept = NULL;
	struct path path;

	int r = path_format(&path, err, "%s/" KEPT_FILE, layer->text);
	if (r >= 0 && path_exists(path.text))
		r = json_read_file(path.text, &kept, err);
	if (r < 0)
		return r;
	/* That nothing is known is not to be told as that nothing was done. */
	if (!kept && kind == LAYER_MADE)
		return error_set_plain(err, -EBADMSG, "provenance",
				       "%s does not say how it was made; remove it and bake again",
				       layer->text);
	if (!kept)
		kept = json_pack("{s:[]}", "commands");
	if (json_object_set_new(kept, "layer", json_string(strrchr(layer->text, '/') + 1)) < 0 ||
	    json_array_append(layers, kept) < 0)
		return no_memory(err);
	return 0;
}

int provenance_layer(struct bake *bake, const struct path *layer, struct error *err)
{
	if (!bake->layers)
		bake->layers = json_array();
	return add_layer(bake->layers, layer, LAYER_MADE, err);
}

/* ---- the document ---- */

json_t *provenance_channels(const struct bake *bake, const json_t *manifest)
{
	const json_t *languages = json_object_get(manifest, "languages");
	json_t *list = json_array();

	for (size_t i = 0; i < bake->channel_count; i++) {
		const struct channel *channel = &bake->channels[i];
		json_t *entry = json_pack("{s:s, s:s, s:s*}", "channel", channel->name, "source",
					  json_text(channel->lock, "source"), "files_sha256",
					  channel->digest[0] ? channel->digest : NULL);
		size_t k;
		json_t *language;
		json_array_foreach (languages, k, language) {
			json_t *tools = json_object_get(json_object_get(language, "channels"),
							channel->name);
			json_object_set(entry, "rustc", json_object_get(tools, "rustc"));
			json_object_set(entry, "cargo", json_object_get(tools, "cargo"));
		}
		if (json_array_append_new(list, entry) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* All layers in the order in which they are laid. */
static int list_layers(const struct bake *bake, json_t *layers, struct error *err)
{
	int r = add_layer(layers, &bake->debian_layer, LAYER_MADE, err);

	for (size_t i = 0; i < bake->channel_count && r >= 0; i++)
		if (bake->channels[i].layer.text[0])
			r = add_layer(layers, &bake->channels[i].layer, LAYER_COPIED, err);
	for (size_t i = 0; i < bake->definition->tool_count && r >= 0; i++)
		if (bake->tools[i].layer.text[0])
			r = add_layer(layers, &bake->tools[i].layer, LAYER_COPIED, err);
	if (r >= 0 && bake->layers && json_array_extend(layers, bake->layers) < 0)
		r = no_memory(err);
	return r;
}

static json_t *list_crates(const struct bake *bake)
{
	json_t *list = json_array();

	for (size_t i = 0; i < bake->cargo_lock.count; i++) {
		const struct cargo_package *package = &bake->cargo_lock.packages[i];
		if (package->is_root)
			continue;
		if (json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", package->name,
							  "version", package->version, "sha256",
							  package->sha256)) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* The hash of the other documents, made of the same inputs. */
static json_t *list_documents(const char *folder, struct error *err)
{
	static const char *const names[] = {"manifest.json", "packages.json", "lock.json",
					    VET_DOCUMENT_FILE, "bom.json"};
	json_t *documents = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char hex[DIGEST_HEX_SIZE];
		struct path path;
		int r = path_format(&path, err, "%s/%s", folder, names[i]);
		if (r >= 0 && !path_exists(path.text))
			continue;
		if (r >= 0)
			r = digest_file(path.text, hex, NULL, err);
		if (r < 0 || json_object_set_new(documents, names[i], json_string(hex)) < 0) {
			json_decref(documents);
			return NULL;
		}
	}
	return documents;
}

int provenance_write(struct bake *bake, const json_t *manifest, const char *folder,
		     struct error *err)
{
	json_auto_t *layers = json_array();
	struct path path;

	int r = layers ? list_layers(bake, layers, err) : no_memory(err);
	if (r >= 0)
		r = path_format(&path, err, "%s/" PROVENANCE_FILE, folder);
	if (r < 0)
		return r;
	json_t *documents = list_documents(folder, err);
	if (!documents)
		return no_memory(err);
	json_auto_t *top = json_pack(
		"{s:i, s:s, s:O, s:{s:I, s:O, s:O, s:o, s:o, s:o}, s:O, s:O, s:o}", "schema", 1,
		"name", bake->definition->name, "id", json_object_get(manifest, "id"), "inputs",
		"epoch", (json_int_t)bake->definition->epoch, "files", bake->definition->files,
		"packages", bake->debian_packages, "toolchains",
		provenance_channels(bake, manifest), "tools", effective_tools(bake), "crates",
		list_crates(bake), "layers", layers, "image", noted(bake), "documents", documents);
	return top ? json_write_file(path.text, top, err) : no_memory(err);
}
