#include "bake/bake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bake/debian.h"
#include "bake/form.h"
#include "bake/image.h"
#include "bake/image_name.h"
#include "bake/link.h"
#include "bake/lock.h"
#include "bake/rust.h"
#include "bake/tools.h"

void bake_stage(struct bake *bake, enum bake_stage stage)
{
	static const char *const names[STAGE_COUNT] = {
#define X(constant, name) [constant] = name,
		BAKE_STAGES(X)
#undef X
	};
	progress_stage(&bake->progress, (int)stage, names[stage]);
}

static void tool_line(void *owner, const char *line)
{
	struct bake *bake = owner;

	progress_tick(&bake->progress, line);
	if (line)
		progress_tool_line(&bake->progress, line);
}

int bake_try(struct bake *bake, const struct child_spec *spec, struct child_result *ret_result,
	     struct error *err)
{
	struct child_spec shown = *spec;

	if (!shown.line) {
		shown.line = tool_line;
		shown.owner = bake;
	}
	int r = child_run(&shown, ret_result, err);
	if (r == -ENOENT)
		r = error_set_plain(err, r, "tool", "%s is not installed; run scripts/setup image",
				    spec->argv[0]);
	return r;
}

int bake_tool(struct bake *bake, const char *what, const struct child_spec *spec,
	      struct child_result *ret_result, struct error *err)
{
	struct child_result result;

	int r = bake_try(bake, spec, &result, err);
	if (r >= 0 && result.exit_code != 0)
		r = error_set_plain(err, -EIO, "tool", "%s failed with exit status %d", what,
				    result.exit_code);
	if (r < 0)
		snprintf(bake->tail, sizeof(bake->tail), "%s", result.tail);
	if (r >= 0 && ret_result)
		*ret_result = result;
	else
		child_result_fini(&result);
	return r;
}

int bake_layer(const struct bake *bake, const char *kind, const char *key, struct path *ret_layer,
	       struct error *err)
{
	int r = path_format(ret_layer, err, "%s/layers/%s-%s", bake->cache.folder.text, kind, key);
	return r < 0 ? r : path_exists(ret_layer->text);
}

int bake_find_programs(struct bake *bake, struct error *err)
{
	ssize_t n =
		readlink("/proc/self/exe", bake->programs.text, sizeof(bake->programs.text) - 1);
	if (n < 0)
		return error_set(err, -errno, "bake", "cannot find where this program is");
	bake->programs.text[n] = '\0';
	*strrchr(bake->programs.text, '/') = '\0';
	return 0;
}

int bake_open(struct bake *bake, const struct bake_options *options, struct error *err)
{
	struct path folder;

	progress_init(&bake->progress, STAGE_COUNT - 1, options->verbose);
	bake->cache.lock_fd = -EBADF;
	bake->refresh = options->refresh;
	if (geteuid() != 0)
		return error_set_plain(err, -EPERM, "bake",
				       "baking an image needs root, to make cells and files that "
				       "are root's; try sudo");
	int r = bake_find_programs(bake, err);
	if (r >= 0)
		r = image_name_find(options->image, &folder, err);
	if (r >= 0)
		r = definition_read(folder.text, &bake->definition, err);
	if (r >= 0)
		r = lock_read(folder.text, &bake->locked, err);
	if (r >= 0)
		r = config_read(options->config, &bake->config, err);
	return r < 0 ? r : cache_open(&bake->cache, options->cache, &bake->progress, err);
}

void bake_close_progress(struct bake *bake, int r)
{
	if (r >= 0)
		progress_finish(&bake->progress);
	else
		progress_clear(&bake->progress);
}

int bake_run(struct bake *bake, const struct bake_options *options, struct path *ret_image,
	     struct error *err)
{
	int r = bake_open(bake, options, err);
	if (r >= 0)
		r = signer_open(options->keys, options->key, &bake->progress, &bake->signer, err);
	if (r >= 0)
		r = rust_bake(bake, err);
	if (r >= 0)
		r = tools_bake(bake, err);
	if (r >= 0)
		r = debian_bake(bake, options->refresh, err);
	if (r >= 0)
		r = image_bake(bake, ret_image, err);
	if (r >= 0)
		r = form_ensure(bake, ret_image->text, options->form, err);
	if (r >= 0 && options->output)
		r = link_use(options->output, ret_image->text, err);
	bake_close_progress(bake, r);
	return r;
}

void bake_fini(struct bake *bake)
{
	cache_close(&bake->cache);
	signer_free(bake->signer);
	for (size_t i = 0; i < bake->channel_count; i++)
		json_decref(bake->channels[i].lock);
	for (size_t i = 0; i < DEFINITION_TOOLS_MAX; i++)
		json_decref(bake->tools[i].lock);
	json_decref(bake->debian_packages);
	json_decref(bake->crates);
	json_decref(bake->steps);
	json_decref(bake->layers);
	cargo_lock_fini(&bake->cargo_lock);
	vet_result_fini(&bake->vetting);
	json_decref(bake->locked);
	config_fini(&bake->config);
	parts_fini(&bake->parts);
	definition_free(bake->definition);
}
