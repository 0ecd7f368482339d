#include "bake/debs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/json.h"
#include "bake/packages.h"
#include "bake/tree.h"
#include "bake/unpack.h"
#include "base/fd.h"

enum { MERGE_MAX = 16, FILES_MAX = 200000 };
#define BYTES_MAX (UINT64_C(8) << 30)

static int deb_path(const struct bake *bake, const json_t *package, struct path *ret_path,
		    struct error *err)
{
	return path_format(ret_path, err, "%s/debs/%s.deb", bake->cache.folder.text,
			   json_text(package, "sha256"));
}

/* Is path the package's file? Returns 1, 0 or a negative errno. */
static int is_package(const json_t *package, const char *path, struct error *err)
{
	char hex[DIGEST_HEX_SIZE];

	if (!path_exists(path))
		return 0;
	int r = digest_file(path, hex, NULL, err);
	return r < 0 ? r : strcmp(hex, json_text(package, "sha256")) == 0;
}

int debs_missing(struct bake *bake, const json_t *list, json_t **ret_missing, struct error *err)
{
	json_auto_t *missing = json_array();
	size_t i;
	json_t *package;
	int r = missing ? 0 : error_set(err, -ENOMEM, "debs", "cannot list packages");

	json_array_foreach (list, i, package) {
		struct path path;
		if (r >= 0)
			r = child_interrupted(err);
		if (r >= 0)
			r = deb_path(bake, package, &path, err);
		if (r >= 0)
			r = is_package(package, path.text, err);
		if (r == 0 && packages_add(missing, package) < 0)
			r = error_set(err, -ENOMEM, "debs", "cannot list packages");
	}
	if (r < 0)
		return r;
	*ret_missing = json_incref(missing);
	return 0;
}

/*
 * Takes one file apt left into the cache. It is apt's, who could change it: what is hashed is our
 * copy.
 */
static int take(struct apt *apt, const json_t *list, const char *file, struct error *err)
{
	struct cache *cache = &apt->bake->cache;
	json_auto_t *said = packages_parse_name(file);
	json_t *package = said ? packages_find(list, json_text(said, "name")) : NULL;
	struct path from, copy, to;

	if (!package)
		return 0;
	int r = path_format(&from, err, "%s/%s", apt->folder.text, file);
	if (r >= 0)
		r = path_format(&copy, err, "%s/tmp/deb", cache->folder.text);
	if (r >= 0)
		r = deb_path(apt->bake, package, &to, err);
	if (r >= 0)
		unlink(copy.text);
	if (r >= 0)
		r = tree_copy_file(from.text, copy.text, 0644, NULL, err);
	if (r >= 0)
		r = is_package(package, copy.text, err);
	if (r == 0)
		return error_set_plain(err, -EBADMSG, "debs",
				       "%s %s: the mirror's file is not the one with sha256 %.12s…",
				       json_text(package, "name"), json_text(package, "version"),
				       json_text(package, "sha256"));
	if (r > 0 && rename(copy.text, to.text) < 0)
		r = error_set(err, -errno, "debs", "cannot keep %s", to.text);
	return r < 0 ? r : 0;
}

static int take_all(struct apt *apt, const json_t *list, struct error *err)
{
	struct dirent **entries = NULL;
	int r = 0, count = scandir(apt->folder.text, &entries, NULL, alphasort);

	if (count < 0)
		return error_set(err, -errno, "debs", "cannot read %s", apt->folder.text);
	for (int i = 0; i < count; i++) {
		if (r >= 0)
			r = take(apt, list, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int debs_get(struct apt *apt, const json_t *list, json_t **ret_missing, struct error *err)
{
	json_auto_t *available = NULL;

	int r = apt_available(apt, list, &available, err);
	if (r >= 0)
		r = apt_download(apt, available, err);
	if (r >= 0)
		r = take_all(apt, available, err);
	return r < 0 ? r : debs_missing(apt->bake, list, ret_missing, err);
}

static int unpack_one(struct bake *bake, const json_t *package, const struct unpack_rules *rules,
		      const char *root, struct error *err)
{
	struct error why = {.code = 0};
	struct unpack_totals totals;
	struct path path;

	int r = deb_path(bake, package, &path, err);
	if (r >= 0)
		r = is_package(package, path.text, err);
	if (r < 0)
		return r;
	if (r == 0)
		return error_set_plain(err, -EBADMSG, "debs",
				       "%s: %s is not what it was; bake again",
				       json_text(package, "name"), path.text);
	r = unpack_deb(path.text, root, rules, &totals, &why);
	if (r < 0) /* the file is named by its hash alone */
		return error_set_plain(err, r, why.step, "the Debian package %s: %.150s",
				       json_text(package, "name"), why.text);
	progress_add(&bake->progress, json_text(package, "name"), totals.bytes);
	return 0;
}

static int make_links(const json_t *merge, const char *root, struct error *err)
{
	const char *name;
	json_t *target;

	json_object_foreach ((json_t *)merge, name, target) {
		struct path link;
		int r = path_format(&link, err, "%s/%s", root, name);
		if (r < 0)
			return r;
		if (symlink(json_string_value(target), link.text) < 0)
			return error_set(err, -errno, "debs", "cannot make the link %s", link.text);
	}
	return 0;
}

int debs_unpack(struct bake *bake, const json_t *list, const json_t *merge, const char *root,
		struct error *err)
{
	struct unpack_move moves[MERGE_MAX];
	struct unpack_rules rules = {.files_max = FILES_MAX,
				     .bytes_max = BYTES_MAX,
				     .links = UNPACK_ANY_LINKS,
				     .any_case = 1,
				     .moves = moves};
	const char *name;
	json_t *target, *package;
	size_t i;

	json_object_foreach ((json_t *)merge, name, target)
		if (rules.move_count < MERGE_MAX)
			moves[rules.move_count++] =
				(struct unpack_move){name, json_string_value(target)};
	int r = path_make_folders(root, err);
	progress_total(&bake->progress, json_array_size(list));
	json_array_foreach (list, i, package)
		if (r >= 0)
			r = unpack_one(bake, package, &rules, root, err);
	return r < 0 ? r : make_links(merge, root, err);
}
