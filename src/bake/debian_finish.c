#include "bake/debian_finish.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/cell.h"
#include "bake/json.h"
#include "bake/tree.h"
#include "bake/unpack.h"
#include "base/clock.h"

enum {
	PREPARE_WALL_SEC = 300,
	PREPARE_FILES_MAX = 20000,
	PREPARE_BYTES_MAX = 256 << 20,
};

static int matches(const json_t *patterns, const char *path)
{
	size_t i;
	json_t *pattern;

	json_array_foreach (patterns, i, pattern)
		if (fnmatch(json_string_value(pattern), path, FNM_PATHNAME) == 0)
			return 1;
	return 0;
}

/* What neither the base nor a recipe wants. */
static int remove_visit(void *owner, const struct tree_entry *entry, struct error *err)
{
	const struct definition *definition = owner;
	int is_wanted = !matches(json_object_get(definition->base, "remove"), entry->path);

	for (size_t i = 0; i < definition->recipe_count && is_wanted; i++)
		is_wanted = !matches(json_object_get(definition->recipes[i].json, "remove"),
				     entry->path);
	if (is_wanted)
		return 0;
	int r = tree_remove(entry->full_path, err);
	return r < 0 ? r : 1;
}

/*
 * Makes the folders of name in the tree, all of them or those above its last part. They are real
 * folders: a package's symbolic link could lead out of the tree.
 */
static int make_below(const char *root, const char *name, int with_last, struct error *err)
{
	struct path path;
	struct stat st;

	for (size_t i = 0;; i++) {
		if (name[i] != '/' && name[i] != '\0')
			continue;
		if (name[i] == '\0' && !with_last)
			return 0;
		int r = path_format(&path, err, "%s/%.*s", root, (int)i, name);
		if (r < 0)
			return r;
		if (mkdir(path.text, 0755) < 0 && errno != EEXIST)
			return error_set(err, -errno, "debian", "cannot make the folder %s",
					 path.text);
		if (lstat(path.text, &st) < 0 || !S_ISDIR(st.st_mode))
			return error_set_plain(err, -ENOTDIR, "debian",
					       "%s: %.*s is no folder in the packages", name,
					       (int)i, name);
		if (name[i] == '\0')
			return 0;
	}
}

static int place(const char *root, const char *name, struct path *ret_path, struct error *err)
{
	int r = path_format(ret_path, err, "%s/%s", root, name);
	return r < 0 ? r : make_below(root, name, 0, err);
}

static int make_folders(const json_t *base, const char *root, struct error *err)
{
	size_t i;
	json_t *name;
	int r = 0;

	json_array_foreach (json_object_get(base, "folders"), i, name)
		if (r >= 0)
			r = make_below(root, json_string_value(name), 1, err);
	return r;
}

static int make_links(const json_t *base, const char *root, struct error *err)
{
	struct path path;
	const char *name;
	json_t *target;

	json_object_foreach (json_object_get(base, "links"), name, target) {
		int r = place(root, name, &path, err);
		if (r < 0)
			return r;
		unlink(path.text);
		if (symlink(json_string_value(target), path.text) < 0)
			return error_set(err, -errno, "debian", "cannot make the link %s",
					 path.text);
	}
	return 0;
}

static int make_files(const json_t *base, const char *root, struct error *err)
{
	struct path path;
	const char *name;
	json_t *text;

	json_object_foreach (json_object_get(base, "files"), name, text) {
		int r = place(root, name, &path, err);
		if (r >= 0)
			r = path_write_file(path.text, 0644, json_string_value(text),
					    json_string_length(text), err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Unpacks what a cell made aside and lays it over the tree: what is there stays. */
static int lay_over(const char *folder, const char *tar, struct error *err)
{
	static const struct unpack_rules rules = {.files_max = PREPARE_FILES_MAX,
						  .bytes_max = PREPARE_BYTES_MAX};
	struct path aside, root;

	int r = path_format(&aside, err, "%s/prepared", folder);
	if (r >= 0)
		r = path_format(&root, err, "%s/root", folder);
	if (r >= 0)
		r = path_make_folders(aside.text, err);
	if (r >= 0)
		r = unpack_tar(tar, aside.text, &rules, NULL, err);
	if (r >= 0)
		r = tree_link(aside.text, root.text, NULL, err);
	if (r >= 0)
		r = tree_remove(aside.text, err);
	if (r >= 0 && unlink(tar) < 0)
		r = error_set(err, -errno, "debian", "cannot remove %s", tar);
	return r;
}

/*
 * What maintainer scripts would have run on the host, as root: here in a cell, on the tree, as
 * nobody in particular; out comes a tar of new files.
 */
static int prepare(struct bake *bake, const char *folder, const json_t *job_json, struct error *err)
{
	const char *name = json_text(job_json, "name");
	struct path artefact, tar;
	const char *const argv[] = {"/bin/sh", "-ec", json_text(job_json, "script"), NULL};

	progress_tick(&bake->progress, name);
	int r = path_format(&tar, err, "%s/prepare.tar", folder);
	if (r >= 0)
		r = path_format(&artefact, err, "out.tar:%s", tar.text);
	if (r < 0)
		return r;
	const struct cell_job job = {
		.image = folder,
		.profile = "compile",
		.argv = argv,
		.limits = {"wall=250s", "cpu=500s", "memory=1G", "files=512M", "artefact=256M"},
		.artefact = artefact.text,
		.wall_usec = PREPARE_WALL_SEC * USEC_PER_SEC,
	};
	__attribute__((cleanup(child_result_fini))) struct child_result result;
	r = cell_job_must(bake, name, &job, &result, err);
	return r < 0 ? r : lay_over(folder, tar.text, err);
}

static int prepare_all(struct bake *bake, const char *folder, const json_t *jobs, struct error *err)
{
	size_t i;
	json_t *job;
	int r = 0;

	json_array_foreach (jobs, i, job)
		if (r >= 0)
			r = prepare(bake, folder, job, err);
	return r;
}

int debian_finish(struct bake *bake, const char *folder, struct error *err)
{
	struct definition *definition = bake->definition;
	const json_t *base = definition->base;
	struct path root;

	int r = path_format(&root, err, "%s/root", folder);
	if (r >= 0)
		r = tree_walk(root.text, remove_visit, definition, err);
	if (r >= 0)
		r = make_folders(base, root.text, err);
	if (r >= 0)
		r = make_links(base, root.text, err);
	if (r >= 0)
		r = make_files(base, root.text, err);
	if (r >= 0)
		r = prepare_all(bake, folder, json_object_get(base, "prepare"), err);
	for (size_t i = 0; i < definition->recipe_count && r >= 0; i++)
		r = prepare_all(bake, folder,
				json_object_get(definition->recipes[i].json, "prepare"), err);
	if (r >= 0)
		r = tree_normalise(root.text, definition->epoch, err);
	return r;
}
