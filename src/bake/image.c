#include "bake/image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bake/bom.h"
#include "bake/crates.h"
#include "bake/effective.h"
#include "image/digest.h"
#include "bake/json.h"
#include "bake/languages.h"
#include "bake/provenance.h"
#include "bake/rust.h"
#include "bake/selftest.h"
#include "bake/tools.h"
#include "bake/tree.h"

/* Raise it when other documents, or others of the same inputs, are put beside the tree. */
#define DOCUMENTS_FORMAT "2"

static int image_id(const struct bake *bake, char ret_id[DIGEST_HEX_SIZE], struct error *err)
{
	struct digest digest;

	digest_begin(&digest);
	digest_field_text(&digest, "format", BAKE_FORMAT);
	digest_field_text(&digest, "documents", DOCUMENTS_FORMAT);
	digest_field_text(&digest, "definition", bake->definition->digest);
	digest_field_text(&digest, "debian", bake->debian_digest);
	for (size_t i = 0; i < bake->channel_count; i++) {
		digest_field_text(&digest, "channel", bake->channels[i].name);
		digest_field_text(&digest, "rust", bake->channels[i].digest);
	}
	for (size_t i = 0; i < bake->definition->tool_count; i++)
		digest_field_text(&digest, "tool", bake->tools[i].digest);
	return digest_end(&digest, ret_id, err);
}

/* The tree, complete. */
static int make_tree(struct bake *bake, struct error *err)
{
	struct path from, root;

	int r = path_format(&from, err, "%s/root", bake->debian_layer.text);
	if (r >= 0)
		r = path_format(&root, err, "%s/root", bake->image.text);
	if (r >= 0)
		r = path_make_folders(root.text, err);
	if (r >= 0)
		r = tree_link(from.text, root.text, NULL, err);
	if (r >= 0)
		r = rust_place(bake, err);
	if (r >= 0)
		r = tools_place(bake, err);
	if (r >= 0)
		r = crates_bake(bake, err);
	/* The files are uniform already; the folders were made just now. */
	return r < 0 ? r : tree_normalise(root.text, bake->definition->epoch, err);
}

/* A layer, and the file it was unpacked from where lock names one by its hash. */
static int add_layer(struct bake *bake, const struct path *layer, const json_t *lock,
		     struct error *err)
{
	const char *cache = bake->cache.folder.text, *sha256 = json_text(lock, "sha256");
	struct path file;

	int r = layer->text[0] ? parts_add(&bake->parts, cache, layer->text, err) : 0;
	if (r < 0 || !sha256)
		return r;
	r = path_format(&file, err, "%s/files/%s", cache, sha256);
	return r < 0 ? r : parts_add(&bake->parts, cache, file.text, err);
}

static int add_debs(struct bake *bake, struct error *err)
{
	const char *cache = bake->cache.folder.text;
	const json_t *package;
	struct path path;
	size_t i;
	int r = 0;

	json_array_foreach (bake->debian_packages, i, package) {
		if (r >= 0)
			r = path_format(&path, err, "%s/debs/%s.deb", cache,
					json_text(package, "sha256"));
		if (r >= 0)
			r = parts_add(&bake->parts, cache, path.text, err);
	}
	return r;
}

/* What is left to note: crates, memos and files are noted where they are used. */
static int write_parts(struct bake *bake, struct error *err)
{
	int r = add_layer(bake, &bake->debian_layer, NULL, err);
	if (r >= 0)
		r = add_debs(bake, err);
	for (size_t i = 0; i < bake->channel_count && r >= 0; i++)
		r = add_layer(bake, &bake->channels[i].layer, NULL, err);
	for (size_t i = 0; i < bake->definition->tool_count && r >= 0; i++)
		r = add_layer(bake, &bake->tools[i].layer, bake->tools[i].lock, err);
	return r < 0 ? r : parts_write(&bake->parts, bake->image.text, err);
}

static int copy_packages(const struct bake *bake, struct error *err)
{
	struct path from, to;

	int r = path_format(&from, err, "%s/packages.json", bake->debian_layer.text);
	if (r >= 0)
		r = path_format(&to, err, "%s/packages.json", bake->image.text);
	return r < 0 ? r : tree_copy_file(from.text, to.text, 0644, NULL, err);
}

static int write_lock(struct bake *bake, struct error *err)
{
	json_auto_t *lock = NULL;
	struct path path;

	int r = effective_lock(bake, &lock, err);
	if (r < 0)
		return r;
	effective_tell(bake, lock);
	r = path_format(&path, err, "%s/lock.json", bake->image.text);
	return r < 0 ? r : json_write_rows(path.text, lock, err);
}

/* Without crates there is nothing to say. */
static int write_vetting(const struct bake *bake, struct error *err)
{
	struct path path;

	if (!bake->vetting.document)
		return 0;
	int r = path_format(&path, err, "%s/" VET_DOCUMENT_FILE, bake->image.text);
	return r < 0 ? r
		     : path_write_file(path.text, 0644, bake->vetting.document,
				       bake->vetting.document_len, err);
}

static int write_bom(const struct bake *bake, const json_t *manifest, struct error *err)
{
	json_auto_t *channels = provenance_channels(bake, manifest), *bom = NULL;
	json_auto_t *tools = effective_tools(bake);
	const struct bom_inputs inputs = {
		.name = bake->definition->name,
		.id = json_text(manifest, "id"),
		.suite = json_text(bake->definition->base, "suite"),
		.packages = bake->debian_packages,
		.channels = channels,
		.tools = tools,
		.lock = &bake->cargo_lock,
		.vetting = &bake->vetting,
	};
	struct path path;

	int r = bom_make(&inputs, &bom, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/" BOM_FILE, bake->image.text);
	return r < 0 ? r : json_write_file(path.text, bom, err);
}

static int test_image(struct bake *bake, const json_t *manifest, struct error *err)
{
	struct path scratch = {.text = ""};

	int r = cache_begin(&bake->cache, &scratch, err);
	if (r >= 0)
		r = selftest_run(bake, manifest, scratch.text, err);
	cache_abandon(scratch.text);
	return r;
}

static int make_image(struct bake *bake, const char *id, struct error *err)
{
	json_auto_t *manifest = NULL;
	struct path path;

	int r = write_lock(bake, err);
	if (r >= 0)
		r = make_tree(bake, err);
	if (r < 0)
		return r;
	bake_stage(bake, STAGE_TEST);
	r = languages_manifest(bake, id, &manifest, err);
	if (r >= 0)
		r = test_image(bake, manifest, err);
	if (r >= 0)
		r = copy_packages(bake, err);
	if (r >= 0)
		r = write_vetting(bake, err);
	if (r >= 0)
		r = write_parts(bake, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/manifest.json", bake->image.text);
	if (r >= 0)
		r = json_write_file(path.text, manifest, err);
	if (r >= 0)
		r = write_bom(bake, manifest, err);
	if (r >= 0)
		r = provenance_write(bake, manifest, bake->image.text, err);
	/* Last: it says what all else is. */
	const struct sign_image image = {bake->image.text, bake->definition->name, id};
	return r < 0 ? r : sign_new(bake->signer, &image, err);
}

int image_bake(struct bake *bake, struct path *ret_image, struct error *err)
{
	char id[DIGEST_HEX_SIZE];
	struct path manifest;

	int r = image_id(bake, id, err);
	if (r >= 0)
		r = path_format(ret_image, err, "%s/images/%s", bake->cache.folder.text, id);
	if (r >= 0)
		r = path_format(&manifest, err, "%s/manifest.json", ret_image->text);
	if (r < 0)
		return r;
	const struct sign_image image = {ret_image->text, bake->definition->name, id};
	if (path_exists(manifest.text))
		return sign_finished(bake->signer, &image, &bake->progress, err);
	r = cache_begin(&bake->cache, &bake->image, err);
	if (r >= 0)
		r = make_image(bake, id, err);
	if (r >= 0)
		r = cache_commit(&bake->cache, bake->image.text, ret_image->text, err);
	if (r < 0)
		cache_abandon(bake->image.text);
	return r;
}
