#include "bake/debian_find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/apt_sources.h"
#include "bake/debs.h"
#include "bake/json.h"
#include "base/fd.h"

void debian_find_close(struct debian_find *find)
{
	apt_close(&find->mirror);
	find->has_mirror = 0;
}

/* The commonest reason in plain words; apt's own are printed too. */
static int explain(const struct bake *bake, int r, struct error *err)
{
	static const char *const signs[] = {"Failed to fetch", "Could not resolve",
					    "Could not connect", "Unable to connect",
					    "Temporary failure"};

	for (size_t i = 0; r == -EIO && i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strstr(bake->tail, signs[i]))
			return error_set_plain(
				err, r, "debian",
				"the Debian mirror this machine's apt is set to cannot "
				"be reached; does apt-get update work?");
	return r;
}

static int open_mirror(struct debian_find *find, struct error *err)
{
	struct bake *bake = find->bake;
	const struct apt_wanted wanted = {.suites =
						  json_object_get(bake->definition->base, "suites"),
					  .keyring = json_text(bake->definition->base, "keyring"),
					  .file = bake->config.apt_sources};
	_cleanup_free_ char *sources = NULL;

	if (find->has_mirror)
		return 0;
	int r = apt_sources_read(&wanted, &sources, err);
	if (r < 0)
		return r;
	find->has_mirror = 1;
	r = apt_open(&find->mirror, bake, sources, err);
	return explain(bake, r, err);
}

/* An address with the lock's time in place of "{time}". Returns 0, or -ENOENT when it has none. */
static int fill_time(const char *address, const char *time, struct path *ret_address,
		     struct error *err)
{
	const char *at = strstr(address, "{time}");

	if (!at)
		return path_format(ret_address, err, "%s", address);
	if (!time)
		return -ENOENT;
	return path_format(ret_address, err, "%.*s%s%s", (int)(at - address), address, time,
			   at + strlen("{time}"));
}

/* All snapshots as one text of sources; NULL when there is none that can be used. */
static int snapshot_sources(const struct bake *bake, char **ret_text, struct error *err)
{
	const char *keyring = json_text(bake->definition->base, "keyring");
	const char *time = json_text(bake->locked, "time");
	size_t i;
	json_t *snapshot;
	int r = 0;

	json_array_foreach (bake->config.snapshots, i, snapshot) {
		struct path address;
		if (r >= 0)
			r = fill_time(json_text(snapshot, "address"), time, &address, err);
		if (r >= 0)
			r = apt_sources_add_snapshot(address.text,
						     json_object_get(snapshot, "suites"), keyring,
						     ret_text, err);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

/* Asks the snapshots for a list. One that cannot be reached has nothing. */
static int get_from_snapshots(struct bake *bake, const json_t *list, json_t **ret_missing,
			      struct error *err)
{
	_cleanup_free_ char *sources = NULL;
	struct apt snapshot = {.bake = NULL};
	struct error why = {.code = 0};

	int r = snapshot_sources(bake, &sources, err);
	if (r < 0)
		return r;
	if (sources)
		r = apt_open(&snapshot, bake, sources, &why);
	if (r >= 0 && sources)
		r = debs_get(&snapshot, list, ret_missing, err);
	else if (r >= 0)
		*ret_missing = json_incref((json_t *)list);
	apt_close(&snapshot);
	if (r != -EIO)
		return r;
	progress_say(&bake->progress, "the configured snapshots cannot be used: %s", why.text);
	*ret_missing = json_incref((json_t *)list);
	return 0;
}

int debian_find_get(struct debian_find *find, const json_t *list, json_t **ret_missing,
		    struct error *err)
{
	json_auto_t *missing = NULL;

	int r = debs_missing(find->bake, list, &missing, err);
	if (r >= 0 && json_array_size(missing) > 0) {
		json_auto_t *wanted = missing;
		missing = NULL;
		r = open_mirror(find, err);
		if (r >= 0)
			r = debs_get(&find->mirror, wanted, &missing, err);
	}
	if (r >= 0 && json_array_size(missing) > 0) {
		json_auto_t *wanted = missing;
		missing = NULL;
		r = get_from_snapshots(find->bake, wanted, &missing, err);
	}
	if (r >= 0)
		*ret_missing = json_incref(missing);
	return r;
}

int debian_find_newest(struct debian_find *find, const json_t *names, json_t **ret_list,
		       struct error *err)
{
	int r = open_mirror(find, err);
	return r < 0 ? r : apt_resolve(&find->mirror, names, ret_list, err);
}
