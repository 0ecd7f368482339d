#include "bake/debian.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/apt.h"
#include "bake/debian_find.h"
#include "bake/debian_finish.h"
#include "bake/debian_wanted.h"
#include "bake/debs.h"
#include "bake/json.h"
#include "bake/lock.h"
#include "bake/packages.h"
#include "bake/provenance.h"
#include "base/fd.h"
#include "image/digest.h"

/*
 * A layer is a folder with root/ and packages.json, named by the exact packages and by what is done
 * to them. Which packages those are: the lock's, when its layer is in the cache or its packages can
 * still be had; else those this machine has found before in their place, which are remembered in
 * memo/ until
 * --refresh; else the mirror's newest.
 */

enum { SAID_MAX = 3 };

struct debian {
	struct bake *bake;
	struct debian_find find;
	struct debian_wanted wanted;
	json_t *locked;	  /* owned: package list of lock.json; NULL: none for these names */
	struct path memo; /* what was found in its place */
};

static int add_json(struct digest *digest, const char *name, const json_t *value)
{
	_cleanup_free_ char *text =
		json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	if (value && !text)
		return -ENOMEM;
	digest_field_text(digest, name, text ? text : "");
	return 0;
}

static int end_key(struct digest *digest, int r, char ret_key[DIGEST_HEX_SIZE], struct error *err)
{
	if (r >= 0)
		return digest_end(digest, ret_key, err);
	digest_drop(digest);
	return error_set(err, r, "debian", "cannot name the Debian packages");
}

static int layer_key(const struct bake *bake, const json_t *list, char ret_key[DIGEST_HEX_SIZE],
		     struct error *err)
{
	const struct definition *definition = bake->definition;
	struct digest digest;

	digest_begin(&digest);
	digest_field_text(&digest, "format", BAKE_FORMAT);
	int r = add_json(&digest, "base", definition->base);
	if (r >= 0)
		r = add_json(&digest, "epoch", json_object_get(definition->json, "epoch"));
	if (r >= 0)
		r = add_json(&digest, "packages", list);
	for (size_t i = 0; i < definition->recipe_count && r >= 0; i++) {
		const json_t *recipe = definition->recipes[i].json;
		r = add_json(&digest, "prepare", json_object_get(recipe, "prepare"));
		if (r >= 0 && json_object_get(recipe, "remove"))
			r = add_json(&digest, "remove", json_object_get(recipe, "remove"));
	}
	return end_key(&digest, r, ret_key, err);
}

/* By all that decides whether the lock's packages can be had. */
static int memo_path(struct debian *debian, struct error *err)
{
	const struct bake *bake = debian->bake;
	char key[DIGEST_HEX_SIZE];
	struct digest digest;

	digest_begin(&digest);
	digest_field_text(&digest, "format", BAKE_FORMAT);
	digest_field_text(&digest, "architecture", apt_architecture() ? apt_architecture() : "");
	int r = add_json(&digest, "suites", json_object_get(bake->definition->base, "suites"));
	if (r >= 0)
		r = add_json(&digest, "names", debian->wanted.names);
	if (r >= 0)
		r = add_json(&digest, "alternatives", debian->wanted.alternatives);
	if (r >= 0)
		r = add_json(&digest, "locked", debian->locked);
	if (r >= 0)
		r = add_json(&digest, "config", bake->config.json);
	r = end_key(&digest, r, key, err);
	return r < 0 ? r
		     : path_format(&debian->memo, err, "%s/memo/debian-%s.json",
				   bake->cache.folder.text, key);
}

/* What was found before; NULL when nothing was, or it is damaged. */
static json_t *memo_read(const struct debian *debian)
{
	json_auto_t *top = NULL;

	if (!path_exists(debian->memo.text) || json_read_file(debian->memo.text, &top, NULL) < 0 ||
	    packages_check(json_object_get(top, "packages"), (struct json_place){"", ""}, NULL) < 0)
		return NULL;
	return json_incref(json_object_get(top, "packages"));
}

static int memo_write(const struct debian *debian, json_t *list, struct error *err)
{
	json_auto_t *top = json_pack("{s:O}", "packages", list);

	return top ? json_write_file(debian->memo.text, top, err)
		   : error_set(err, -ENOMEM, "debian", "cannot note the packages");
}

static int debian_begin(struct debian *debian, struct bake *bake, struct error *err)
{
	const char *architecture = apt_architecture();

	*debian = (struct debian){.bake = bake, .find = {.bake = bake}};
	int r = debian_wanted_find(bake, 0, &debian->wanted, err);
	if (r < 0)
		return r;
	if (bake->locked && architecture)
		debian->locked = lock_packages(
			bake->locked, json_text(bake->definition->base, "suite"), architecture,
			debian->wanted.names, debian->wanted.alternatives);
	return memo_path(debian, err);
}

static void debian_end(struct debian *debian)
{
	debian_find_close(&debian->find);
	debian_wanted_fini(&debian->wanted);
	json_decref(debian->locked);
}

static int fill_layer(struct bake *bake, json_t *list, const char *folder, struct error *err)
{
	const json_t *merge = json_object_get(bake->definition->base, "merge");
	struct path root;

	int r = path_format(&root, err, "%s/root", folder);
	if (r >= 0)
		r = debs_unpack(bake, list, merge, root.text, err);
	if (r >= 0)
		r = packages_record(folder, list, err);
	return r < 0 ? r : debian_finish(bake, folder, err);
}

static int make_layer(struct bake *bake, json_t *list, struct error *err)
{
	struct path folder = {.text = ""};

	bake_stage(bake, STAGE_DEBIAN);
	int r = cache_begin(&bake->cache, &folder, err);
	if (r >= 0)
		r = fill_layer(bake, list, folder.text, err);
	if (r >= 0)
		r = provenance_keep(bake, folder.text, err);
	if (r >= 0)
		r = cache_commit(&bake->cache, folder.text, bake->debian_layer.text, err);
	if (r < 0)
		cache_abandon(folder.text);
	return r;
}

/* Decides for a list. Returns 1 when its layer is in the cache, 0 when not, or -errno. */
static int choose(struct bake *bake, json_t *list, struct error *err)
{
	char *digest = bake->debian_digest;

	int r = layer_key(bake, list, digest, err);
	if (r >= 0)
		r = bake_layer(bake, "debian", digest, &bake->debian_layer, err);
	if (r < 0)
		return r;
	json_decref(bake->debian_packages);
	bake->debian_packages = json_incref(list);
	return r;
}

/* Says why what the lock names is not taken. */
static void say_missing(struct bake *bake, const json_t *missing)
{
	size_t i;
	json_t *package;

	json_array_foreach (missing, i, package)
		if (i < SAID_MAX)
			progress_say(&bake->progress,
				     "%s %s, which lock.json names, is neither in the cache nor on "
				     "the mirror nor in a configured snapshot",
				     json_text(package, "name"), json_text(package, "version"));
	if (i > SAID_MAX)
		progress_say(&bake->progress, "and so are %zu more", i - SAID_MAX);
}

/* Gets a list into the cache. Returns 1 when all of it is there, 0 when some cannot be had, -errno.
 */
static int get(struct debian *debian, json_t *list, struct error *err)
{
	json_auto_t *missing = NULL;

	bake_stage(debian->bake, STAGE_DEBIAN);
	int r = debian_find_get(&debian->find, list, &missing, err);
	if (r < 0)
		return r;
	if (list == debian->locked)
		say_missing(debian->bake, missing);
	return json_array_size(missing) == 0;
}

/* Takes the first list whose layer is there, else the first that can be had. Returns 1, 0 or
 * -errno. */
static int choose_known(struct debian *debian, struct error *err)
{
	json_auto_t *found = memo_read(debian);
	json_t *const lists[] = {debian->locked, found};
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++)
		if (lists[i])
			r = choose(debian->bake, lists[i], err);
	for (size_t i = 0; i < 2 && r == 0; i++) {
		if (!lists[i])
			continue;
		r = get(debian, lists[i], err);
		if (r <= 0)
			continue;
		r = choose(debian->bake, lists[i], err);
		if (r == 0)
			r = make_layer(debian->bake, lists[i], err);
		return r < 0 ? r : 1;
	}
	return r;
}

/* Takes the mirror's newest. */
static int choose_newest(struct debian *debian, int refresh, struct error *err)
{
	struct bake *bake = debian->bake;
	json_auto_t *names = debian_wanted_together(&debian->wanted);
	json_auto_t *list = NULL, *missing = NULL;
	if (!names)
		return error_set(err, -ENOMEM, "debian", "cannot list the packages");

	bake_stage(bake, STAGE_DEBIAN);
	if (bake->locked && !refresh)
		progress_say(&bake->progress,
			     debian->locked
				     ? "locking the Debian packages again"
				     : "lock.json is for other Debian packages; locking them "
				       "again");
	int r = debian_find_newest(&debian->find, names, &list, err);
	if (r >= 0)
		r = choose(bake, list, err);
	if (r == 0) {
		r = debian_find_get(&debian->find, list, &missing, err);
		if (r >= 0 && json_array_size(missing) > 0)
			r = error_set_plain(err, -EIO, "debian",
					    "the mirror's index names %s %s, but has no such file",
					    json_text(json_array_get(missing, 0), "name"),
					    json_text(json_array_get(missing, 0), "version"));
		if (r >= 0)
			r = make_layer(bake, list, err);
	}
	/* A refresh does not outlive the lock it went past. */
	if (r >= 0 && !(refresh && debian->locked))
		r = memo_write(debian, list, err);
	return r;
}

int debian_bake(struct bake *bake, int refresh, struct error *err)
{
	struct debian debian;

	int r = debian_begin(&debian, bake, err);
	if (r >= 0 && !refresh)
		r = choose_known(&debian, err);
	if (r == 0)
		r = choose_newest(&debian, refresh, err);
	if (r >= 0)
		r = parts_add(&bake->parts, bake->cache.folder.text, debian.memo.text, err);
	debian_end(&debian);
	return r < 0 ? r : 0;
}

/* What the names of an alternative bring beyond what is there without them. */
static int lock_alternative(struct debian *debian, const json_t *base, const char *part,
			    json_t *names, json_t *alternatives, struct error *err)
{
	json_auto_t *all = json_copy(debian->wanted.names);
	json_auto_t *list = NULL;
	json_auto_t *more = json_array();
	size_t i;
	json_t *package;

	if (!all || !more || packages_add_names(all, names) < 0)
		return error_set(err, -ENOMEM, "debian", "cannot list the packages");
	int r = debian_find_newest(&debian->find, all, &list, err);
	json_array_foreach (list, i, package)
		if (r >= 0 && !packages_find(base, json_text(package, "name")))
			r = packages_add(more, package);
	if (r >= 0 &&
	    json_object_set_new(alternatives, part,
				json_pack("{s:O, s:O}", "wanted", names, "packages", more)) < 0)
		r = error_set(err, -ENOMEM, "debian", "cannot list the packages");
	return r;
}

static int lock_all(struct debian *debian, json_t **ret_debian, struct error *err)
{
	json_auto_t *list = NULL;
	json_auto_t *alternatives = json_object();
	const char *part;
	json_t *names;

	int r = debian_find_newest(&debian->find, debian->wanted.names, &list, err);
	json_object_foreach (debian->wanted.alternatives, part, names)
		if (r >= 0)
			r = lock_alternative(debian, list, part, names, alternatives, err);
	if (r < 0)
		return r;
	*ret_debian = json_pack("{s:s, s:s, s:O, s:O, s:O}", "suite",
				json_text(debian->bake->definition->base, "suite"), "architecture",
				apt_architecture(), "wanted", debian->wanted.names, "packages",
				list, "alternatives", alternatives);
	return *ret_debian ? 0 : error_set(err, -ENOMEM, "debian", "cannot list the packages");
}

int debian_lock(struct bake *bake, json_t **ret_debian, struct error *err)
{
	struct debian debian = {.bake = bake, .find = {.bake = bake}};

	bake_stage(bake, STAGE_DEBIAN);
	int r = debian_wanted_find(bake, 1, &debian.wanted, err);
	if (r >= 0)
		r = lock_all(&debian, ret_debian, err);
	debian_end(&debian);
	return r;
}
