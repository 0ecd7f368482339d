#include "bake/crates.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/cargo_lock.h"
#include "bake/cargo_says.h"
#include "bake/cell.h"
#include "bake/externs.h"
#include "bake/json.h"
#include "bake/provenance.h"
#include "bake/seal.h"
#include "bake/tree.h"
#include "bake/unpack.h"
#include "bake/vendor.h"
#include "bake/vendor_fetch.h"
#include "base/clock.h"
#include "base/fd.h"

/*
 * One layer for each channel, named by everything that goes into it: the crates' lock, the script,
 * the compiler and the Debian packages it links with. Build scripts and procedural macros run here;
 * what they can reach is the cell, and what comes out is a tar of libraries that visitors' programs
 * are linked with.
 *
 * Both modes of a program use the same libraries, compiled with optimisation, as both use the same
 * standard library: two layers instead of four.
 */

enum {
	BUILD_WALL_SEC = 1860, /* the cell's own limit is half an hour */
	OUT_FILES_MAX = 5000,
	MESSAGES_MAX = 32 << 20,
	STATUS_TIME = 124, /* of sandlot-cell-run, see its help */
	STATUS_MEMORY = 137,
};
#define OUT_BYTES_MAX (UINT64_C(4) << 30)

/* What making one layer needs. */
struct crates_build {
	struct bake *bake;
	const struct cargo_lock *lock;
	struct path vendor; /* folder cells see as /playground/in */
	const struct channel *channel;
	unsigned channels_left;	  /* to be compiled, this one included */
	struct cargo_said begun;  /* the last crate that was begun */
	struct cargo_said failed; /* the first one cargo found fault with */
};

static void build_line(void *owner, const char *line)
{
	struct crates_build *build = owner;
	struct progress *progress = &build->bake->progress;
	struct cargo_said said;

	if (!line) {
		progress_tick(progress, NULL);
		return;
	}
	cargo_says(line, &said);
	switch (said.event) {
	case CARGO_SAYS_COUNT:
		progress_total(progress,
			       progress->done + (uint64_t)said.count * build->channels_left);
		break;
	case CARGO_SAYS_BEGUN:
		build->begun = said;
		progress_add(progress, said.crate, 0);
		break;
	case CARGO_SAYS_BUILD_SCRIPT:
	case CARGO_SAYS_NOT_COMPILED:
		if (build->failed.event == CARGO_SAYS_ELSE)
			build->failed = said;
		break;
	case CARGO_SAYS_DOWNLOADED:
	case CARGO_SAYS_ELSE:
		break;
	}
	progress_tool_line(progress, line);
}

static int build_script(const struct bake *bake, char **ret_text, struct error *err)
{
	const struct recipe *recipe = definition_rust(bake->definition);
	const json_t *rust = json_object_get(recipe->json, "rust");
	return recipe_source(recipe, json_text(rust, "crates_script"), ret_text, err);
}

static int layer_key(const struct crates_build *build, char ret_key[DIGEST_HEX_SIZE],
		     struct error *err)
{
	_cleanup_free_ char *script = NULL;
	const char *vendor_key = strrchr(build->vendor.text, '/') + 1;
	struct digest digest;

	int r = build_script(build->bake, &script, err);
	if (r < 0)
		return r;
	digest_begin(&digest);
	digest_field_text(&digest, "format", BAKE_FORMAT);
	digest_field_text(&digest, "script", script);
	digest_field_text(&digest, "crates", vendor_key);
	digest_field_text(&digest, "debian", build->bake->debian_digest);
	digest_field_text(&digest, "rust", build->channel->digest);
	digest_field_text(&digest, "channel", build->channel->name);
	digest_field(&digest, "epoch", &build->bake->definition->epoch,
		     sizeof(build->bake->definition->epoch));
	return digest_end(&digest, ret_key, err);
}

/* Why a build failed, as far as can be told. Returns -EIO. */
static int tell_failure(const struct crates_build *build, int exit_code, struct error *err)
{
	const char *channel = build->channel->name;
	const char *at = build->begun.crate[0] ? build->begun.crate : "the first crate";

	if (exit_code == STATUS_TIME)
		return error_set_plain(err, -EIO, "crates",
				       "the crates (%s) took too long to compile; the last begun "
				       "was %s",
				       channel, at);
	if (exit_code == STATUS_MEMORY)
		return error_set_plain(err, -EIO, "crates",
				       "the crates (%s) took too much memory to compile; the last "
				       "begun was %s",
				       channel, at);
	if (build->failed.event == CARGO_SAYS_BUILD_SCRIPT)
		return error_set_plain(err, -EIO, "crates",
				       "%s: its build script failed in a cell (%s); what it "
				       "printed follows",
				       build->failed.crate, channel);
	if (build->failed.event == CARGO_SAYS_NOT_COMPILED)
		return error_set_plain(err, -EIO, "crates",
				       "%s: it does not compile (%s); what was printed follows",
				       build->failed.crate, channel);
	return error_set_plain(err, -EIO, "crates",
			       "compiling the crates (%s) failed in a cell with exit status %d",
			       channel, exit_code);
}

/* Compiles in a cell; tar: where its output goes. */
static int run_build(struct crates_build *build, const char *folder, const char *tar,
		     struct error *err)
{
	struct bake *bake = build->bake;
	_cleanup_free_ char *script = NULL;
	struct path script_path, file, bind, artefact;

	int r = build_script(bake, &script, err);
	if (r >= 0)
		r = path_format(&script_path, err, "%s/build-crates.sh", folder);
	if (r >= 0)
		r = path_write_file(script_path.text, 0755, script, strlen(script), err);
	if (r >= 0)
		r = path_format(&file, err, "%s:build-crates.sh", script_path.text);
	if (r >= 0)
		r = path_format(&bind, err, "%s:in", build->vendor.text);
	if (r >= 0)
		r = path_format(&artefact, err, "out.tar:%s", tar);
	if (r < 0)
		return r;
	const char *const argv[] = {"/bin/sh", "/playground/build-crates.sh", build->channel->name,
				    NULL};
	const struct cell_job job = {
		.image = bake->image.text,
		.profile = "compile",
		.argv = argv,
		.limits = {"wall=30m", "cpu=120m", "memory=6G", "files=4G", "inodes=200000",
			   "processes=512", "artefact=2G", "output=16M"},
		.files = {file.text},
		.bind = bind.text,
		.artefact = artefact.text,
		.wall_usec = BUILD_WALL_SEC * USEC_PER_SEC,
		.line = build_line,
		.owner = build,
	};
	__attribute__((cleanup(child_result_fini))) struct child_result result;
	r = cell_job_run(bake, &job, &result, NULL, err);
	unlink(script_path.text);
	if (r < 0 || result.exit_code == 0)
		return r;
	snprintf(bake->tail, sizeof(bake->tail), "%s", result.tail);
	return tell_failure(build, result.exit_code, err);
}

/* Writes externs.args from messages.json, which goes; crates.json stays beside root/. */
static int write_externs(const struct crates_build *build, const char *folder,
			 const char *libraries, const char *in_image, struct error *err)
{
	_cleanup_free_ char *messages = NULL, *args = NULL;
	json_auto_t *crates = NULL;
	struct path path;

	int r = path_format(&path, err, "%s/messages.json", libraries);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set(err, -errno, "crates", "cannot open %s", path.text);
	r = fd_read_all(fd, MESSAGES_MAX, &messages, NULL);
	if (r < 0)
		return error_set(err, r, "crates", "cannot read %s", path.text);
	unlink(path.text);
	r = externs_make(messages, build->lock, in_image, &args, &crates, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/externs.args", libraries);
	if (r >= 0)
		r = path_write_file(path.text, 0644, args, strlen(args), err);
	if (r >= 0)
		r = path_format(&path, err, "%s/crates.json", folder);
	if (r < 0)
		return r;
	json_auto_t *top = json_pack("{s:O}", "crates", crates);
	if (!top)
		return error_set(err, -ENOMEM, "crates", "cannot list the crates");
	return json_write_file(path.text, top, err);
}

static int make_layer(struct crates_build *build, const char *folder, struct error *err)
{
	static const struct unpack_rules rules = {.files_max = OUT_FILES_MAX,
						  .bytes_max = OUT_BYTES_MAX};
	struct path tar, in_image, root, libraries;

	int r = path_format(&in_image, err, "/opt/crates/%s", build->channel->name);
	if (r >= 0)
		r = path_format(&tar, err, "%s/out.tar", folder);
	if (r >= 0)
		r = path_format(&root, err, "%s/root", folder);
	if (r >= 0)
		r = path_format(&libraries, err, "%s%s", root.text, in_image.text);
	if (r >= 0)
		r = path_make_folders(libraries.text, err);
	if (r >= 0)
		r = run_build(build, folder, tar.text, err);
	if (r >= 0)
		r = unpack_tar(tar.text, libraries.text, &rules, NULL, err);
	if (r < 0)
		return r;
	unlink(tar.text);
	r = write_externs(build, folder, libraries.text, in_image.text, err);
	return r < 0 ? r : tree_normalise(root.text, build->bake->definition->epoch, err);
}

/* Says of each crate what became of its vetting. */
static int note_vetting(struct bake *bake, json_t *crates, struct error *err)
{
	size_t i;
	json_t *crate;

	json_array_foreach (crates, i, crate) {
		const struct vet_state *state =
			vet_result_find(&bake->vetting, &bake->cargo_lock, json_text(crate, "name"),
					json_text(crate, "version"));
		const char *word = state && state->audited ? VET_AUDITED : VET_EXEMPTED;
		if (json_object_set_new(crate, "vetting", json_string(word)) < 0)
			return error_set(err, -ENOMEM, "crates", "cannot list the crates");
	}
	return 0;
}

/* Notes the layer's list of crates for the manifest. */
static int note_crates(struct bake *bake, const char *layer, struct error *err)
{
	json_auto_t *top = NULL;
	struct path path;

	int r = path_format(&path, err, "%s/crates.json", layer);
	if (r >= 0)
		r = json_read_file(path.text, &top, err);
	if (r < 0)
		return r;
	json_decref(bake->crates);
	bake->crates = json_incref(json_object_get(top, "crates"));
	return note_vetting(bake, bake->crates, err);
}

/* Is the channel's layer in the cache? Returns 1, 0 or -errno. */
static int find_layer(const struct crates_build *build, struct path *ret_layer, struct error *err)
{
	char key[DIGEST_HEX_SIZE];

	int r = layer_key(build, key, err);
	return r < 0 ? r : bake_layer(build->bake, "crates", key, ret_layer, err);
}

static int bake_channel(struct crates_build *build, struct error *err)
{
	struct bake *bake = build->bake;
	struct path layer, folder = {.text = ""}, from, to;

	int r = find_layer(build, &layer, err);
	if (r > 0)
		r = seal_check(layer.text, err);
	else if (r == 0) {
		bake_stage(bake, STAGE_COMPILE);
		r = cache_begin(&bake->cache, &folder, err);
		if (r >= 0)
			r = make_layer(build, folder.text, err);
		if (r >= 0)
			r = provenance_keep(bake, folder.text, err);
		if (r >= 0)
			r = seal_write(folder.text, err); /* over all else in it */
		if (r >= 0)
			r = cache_commit(&bake->cache, folder.text, layer.text, err);
		if (r < 0)
			cache_abandon(folder.text);
		build->channels_left--;
	}
	if (r >= 0)
		r = provenance_layer(bake, &layer, err);
	if (r >= 0)
		r = parts_add(&bake->parts, bake->cache.folder.text, layer.text, err);
	if (r >= 0)
		r = path_format(&from, err, "%s/root", layer.text);
	if (r >= 0)
		r = path_format(&to, err, "%s/root", bake->image.text);
	if (r >= 0)
		r = tree_link(from.text, to.text, NULL, err);
	return r < 0 ? r : note_crates(bake, layer.text, err);
}

/* For an image without crates: the compile step reads the file all the same. */
static int write_no_externs(const struct bake *bake, const struct channel *channel,
			    struct error *err)
{
	struct path folder, file;

	int r = path_format(&folder, err, "%s/root/opt/crates/%s", bake->image.text, channel->name);
	if (r >= 0)
		r = path_make_folders(folder.text, err);
	if (r >= 0)
		r = path_format(&file, err, "%s/externs.args", folder.text);
	return r < 0 ? r : path_write_file(file.text, 0644, "", 0, err);
}

static int count_left(struct crates_build *build, struct error *err)
{
	struct path layer;

	for (size_t i = 0; i < build->bake->channel_count; i++) {
		build->channel = &build->bake->channels[i];
		int r = find_layer(build, &layer, err);
		if (r < 0)
			return r;
		build->channels_left += r == 0;
	}
	return 0;
}

/* The sources, and the crates they were unpacked from. */
static int note_sources(struct bake *bake, const struct cargo_lock *lock, const struct path *vendor,
			struct error *err)
{
	const char *cache = bake->cache.folder.text;
	struct path crate;

	int r = parts_add(&bake->parts, cache, vendor->text, err);
	for (size_t i = 0; i < lock->count && r >= 0; i++) {
		if (lock->packages[i].is_root)
			continue;
		r = vendor_crate_path(bake, &lock->packages[i], &crate, err);
		if (r >= 0)
			r = parts_add(&bake->parts, cache, crate.text, err);
	}
	return r;
}

int crates_vet(struct bake *bake, const char *vendor, struct error *err)
{
	struct path folder;

	int r = path_format(&folder, err, "%s/vendor", vendor);
	if (r < 0)
		return r;
	const struct vet_request request = {.set = bake->definition->crates.text,
					    .name = json_text(bake->definition->json, "crate_set"),
					    .vendor = folder.text,
					    .lock = &bake->cargo_lock};
	return vet_run(&request, &bake->vetting, bake->tail, err);
}

static int bake_all(struct bake *bake, struct error *err)
{
	struct crates_build build = {.bake = bake, .lock = &bake->cargo_lock};

	int r = vendor_bake(bake, &bake->cargo_lock, &build.vendor, err);
	if (r >= 0)
		r = crates_vet(bake, build.vendor.text, err); /* before anything of them runs */
	if (r >= 0)
		r = note_sources(bake, &bake->cargo_lock, &build.vendor, err);
	if (r >= 0)
		r = count_left(&build, err);
	for (size_t i = 0; i < bake->channel_count && r >= 0; i++) {
		build.channel = &bake->channels[i];
		r = bake_channel(&build, err);
	}
	return r;
}

int crates_bake(struct bake *bake, struct error *err)
{
	int r = 0;

	if (bake->definition->crates.text[0] && bake->channel_count > 0) {
		r = vendor_lock(bake, &bake->cargo_lock, err);
		return r < 0 ? r : bake_all(bake, err);
	}
	for (size_t i = 0; i < bake->channel_count && r >= 0; i++)
		r = write_no_externs(bake, &bake->channels[i], err);
	return r;
}
