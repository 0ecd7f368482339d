#include "bake/tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/fetch.h"
#include "bake/json.h"
#include "bake/taken.h"
#include "bake/tree.h"
#include "bake/unpack.h"

enum { FILES_MAX = 500000 };
#define BYTES_MAX (UINT64_C(16) << 30)

/* A tool while its sources are tried. why: the reason why the last one could not be had. */
struct trial {
	struct bake *bake;
	const struct tool_wanted *wanted;
	struct tool *tool;
	struct error why;
};

static const char *name_of(const struct trial *trial)
{
	return json_text(trial->wanted->json, "name");
}

static struct taken taken_of(const struct trial *trial, const char *identity)
{
	return (struct taken){.kind = "tool",
			      .name = name_of(trial),
			      .to = json_text(trial->wanted->json, "to"),
			      .identity = identity};
}

/* A path of a source: absolute, or beside the file that names it. */
static int source_path(const struct trial *trial, const char *path, struct path *ret_path,
		       struct error *err)
{
	if (*path == '/')
		return path_format(ret_path, err, "%s", path);
	return path_format(ret_path, err, "%s/%s", trial->wanted->folder, path);
}

/* Notes what came of it. key, sha256: what the lock says besides the source. Returns 1 or -errno.
 */
static int taken(struct trial *trial, const struct taken_result *result, const char *key,
		 const char *sha256, struct error *err)
{
	struct tool *tool = trial->tool;

	tool->layer = result->layer;
	memcpy(tool->digest, result->tree_sha256, sizeof(tool->digest));
	tool->lock =
		json_pack("{s:s, s:s}", "source", json_text(tool->source, "kind"), key, sha256);
	return tool->lock ? 1 : error_set(err, -ENOMEM, "tools", "cannot note a tool");
}

/* Unpacks the tarball and takes what was in it. */
static int make_from_tar(struct trial *trial, const char *tar, struct taken *from,
			 struct taken_result *result, struct error *err)
{
	const struct unpack_rules rules = {.top = json_text(trial->tool->source, "top"),
					   .files_max = FILES_MAX,
					   .bytes_max = BYTES_MAX,
					   .links = UNPACK_INNER_LINKS,
					   .any_case = 1};
	struct path folder = {.text = ""};

	bake_stage(trial->bake, STAGE_TAKE);
	int r = cache_begin(&trial->bake->cache, &folder, err);
	if (r >= 0)
		r = unpack_tar(tar, folder.text, &rules, NULL, err);
	from->files.folder = folder.text;
	if (r >= 0)
		r = taken_make(trial->bake, from, NULL, result, err);
	cache_abandon(folder.text);
	return r;
}

/* What the same tarball makes, whatever its name. */
static int tar_identity(const json_t *source, char ret_hex[DIGEST_HEX_SIZE], struct error *err)
{
	const char *top = json_text(source, "top");
	struct digest digest;

	digest_begin(&digest);
	digest_field_text(&digest, "tar", json_text(source, "sha256"));
	digest_field_text(&digest, "top", top ? top : "");
	return digest_end(&digest, ret_hex, err);
}

/* Is the file that is there the one that is named? Returns 0 or -EBADMSG. */
static int check_tar(const struct trial *trial, const char *path, const json_t *source,
		     struct error *err)
{
	const char *sum = json_text(source, "sha256");
	char hex[DIGEST_HEX_SIZE];

	int r = digest_file(path, hex, NULL, err);
	if (r >= 0 && strcmp(hex, sum) != 0)
		r = error_set_plain(err, -EBADMSG, "tools",
				    "%s: %s has the sha256 %.16s…, not %.16s… as named",
				    name_of(trial), json_text(source, "file"), hex, sum);
	return r;
}

/*
 * Gets the tarball into the cache, where nobody changes it: from where it is named, else from the
 * configured address. Returns 1, 0 or -errno.
 */
static int find_tar(struct trial *trial, const json_t *source, struct path *ret_tar,
		    struct error *err)
{
	const char *file = json_text(source, "file"), *address = trial->bake->config.tars;
	struct path named, real;

	int r = source_path(trial, file, &named, err);
	if (r < 0)
		return r;
	if (realpath(named.text, real.text)) {
		r = check_tar(trial, real.text, source, err);
		if (r < 0)
			return r;
		char *slash = strrchr(real.text, '/');
		*slash = '\0';
		file = slash + 1;
		address = *real.text ? real.text : "/";
	} else if (strrchr(file, '/')) {
		file = strrchr(file, '/') + 1;
	}
	r = fetch_by_sum(trial->bake, address, file, json_text(source, "sha256"), BYTES_MAX,
			 ret_tar, &trial->why);
	if (r < 0 && r != -ENOENT)
		return error_set_plain(err, r, trial->why.step, "%s: %s", name_of(trial),
				       trial->why.text);
	return r == -ENOENT ? 0 : 1;
}

/* The sources by kind: 1 when it could be had, 0 when not, or a negative errno. */
static int try_tar(struct trial *trial, struct error *err)
{
	const json_t *source = trial->tool->source;
	char identity[DIGEST_HEX_SIZE];
	struct taken from = taken_of(trial, identity);
	struct taken_result result;
	struct path tar;

	int r = find_tar(trial, source, &tar, err);
	if (r <= 0)
		return r;
	r = tar_identity(source, identity, err);
	if (r >= 0)
		r = taken_known(trial->bake, &from, &result, err);
	if (r == 0)
		r = make_from_tar(trial, tar.text, &from, &result, err);
	return r < 0 ? r : taken(trial, &result, "sha256", json_text(source, "sha256"), err);
}

static int try_dir(struct trial *trial, struct error *err)
{
	const char *path = json_text(trial->tool->source, "path");
	const char *sum = json_text(trial->tool->source, "tree_sha256");
	char identity[DIGEST_HEX_SIZE];
	struct taken from = taken_of(trial, identity);
	struct taken_result result;
	struct path folder;

	int r = source_path(trial, path, &folder, err);
	if (r < 0)
		return r;
	if (!path_exists(folder.text)) {
		error_set_plain(&trial->why, -ENOENT, "tools", "there is no folder %s", path);
		return 0;
	}
	from.files.folder = folder.text;
	r = folder_files_identity(&from.files, identity, err);
	if (r >= 0)
		r = taken_known(trial->bake, &from, &result, err);
	if (r == 0)
		r = taken_make(trial->bake, &from, sum, &result, err);
	if (r == -EBADMSG || (r >= 0 && strcmp(result.tree_sha256, sum) != 0))
		return error_set_plain(err, -EBADMSG, "tools",
				       "%s: the folder %s has the tree_sha256 %s, not %.16s… as "
				       "named",
				       name_of(trial), path, result.tree_sha256, sum);
	return r < 0 ? r : taken(trial, &result, "tree_sha256", sum, err);
}

static int try_deb(struct trial *trial, struct error *err)
{
	trial->tool->from_debian = 1;
	trial->tool->lock = json_pack("{s:s}", "source", "deb");
	return trial->tool->lock ? 1 : error_set(err, -ENOMEM, "tools", "cannot note a tool");
}

static int try_source(struct trial *trial, struct error *err)
{
	static const struct {
		const char *kind;
		int (*try)(struct trial *trial, struct error *err);
	} kinds[] = {
		{"tar", try_tar},
		{"dir", try_dir},
		{"deb", try_deb},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, json_text(trial->tool->source, "kind")) == 0)
			return kinds[i].try(trial, err);
	return 0;
}

static int bake_tool_of(struct bake *bake, size_t number, struct error *err)
{
	struct trial trial = {.bake = bake,
			      .wanted = &bake->definition->tools[number],
			      .tool = &bake->tools[number]};
	size_t i;
	json_t *source;

	json_array_foreach (json_object_get(trial.wanted->json, "sources"), i, source) {
		trial.tool->source = source;
		int r = try_source(&trial, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return error_set_plain(err, -ENOENT, "tools",
			       "%s: none of its sources can be had; of the "
			       "last one: %.150s",
			       name_of(&trial), trial.why.text);
}

int tools_bake(struct bake *bake, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < bake->definition->tool_count && r >= 0; i++)
		r = bake_tool_of(bake, i, err);
	return r;
}

int tools_place(struct bake *bake, struct error *err)
{
	struct path from, to;

	int r = path_format(&to, err, "%s/root", bake->image.text);
	for (size_t i = 0; i < bake->definition->tool_count && r >= 0; i++) {
		if (bake->tools[i].from_debian)
			continue;
		r = path_format(&from, err, "%s/root", bake->tools[i].layer.text);
		if (r >= 0)
			r = tree_link(from.text, to.text, NULL, err);
	}
	return r;
}

int tools_is_from_debian(const struct bake *bake, size_t number)
{
	return bake->tools[number].from_debian;
}
