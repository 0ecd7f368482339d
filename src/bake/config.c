#include "bake/config.h"

#include <stdio.h>
#include <string.h>

#include "bake/fetch.h"
#include "bake/json.h"
#include "bake/path.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

enum { WHERE_MAX = 96 };

static const struct json_field fields[] = {
	{"schema", JSON_SHAPE_NUMBER, 0},   {"apt_sources", JSON_SHAPE_TEXT, 1},
	{"snapshots", JSON_SHAPE_ARRAY, 1}, {"dist", JSON_SHAPE_OBJECT, 1},
	{"tars", JSON_SHAPE_TEXT, 1},
};

static const struct json_field snapshot_fields[] = {
	{"address", JSON_SHAPE_TEXT, 0},
	{"suites", JSON_SHAPE_TEXTS, 0},
};

static const struct json_field dist_fields[] = {
	{"address", JSON_SHAPE_TEXT, 0},
	{"keyring", JSON_SHAPE_TEXT, 0},
};

static int check_path(const json_t *object, const char *key, struct json_place place,
		      struct error *err)
{
	const char *path = json_text(object, key);

	return path && *path != '/' ? json_refuse(place, key, err, "must be an absolute path") : 0;
}

static int check_address(const json_t *object, const char *key, struct json_place place,
			 struct error *err)
{
	const char *address = json_text(object, key);

	if (!address || fetch_is_address(address))
		return 0;
	return json_refuse(place, key, err,
			   "must be an absolute path or begin with http://, https:// or file:/, "
			   "without spaces");
}

static int check_snapshots(const json_t *snapshots, const char *file, struct error *err)
{
	size_t i;
	json_t *snapshot;

	json_array_foreach (snapshots, i, snapshot) {
		char where[WHERE_MAX];
		struct json_place place = {file, where};
		snprintf(where, sizeof(where), "snapshots[%zu]", i);
		int r = json_check_object(snapshot, FIELDS(snapshot_fields), place, err);
		if (r >= 0)
			r = check_address(snapshot, "address", place, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int config_check(const json_t *json, const char *file, struct error *err)
{
	const json_t *dist = json_object_get(json, "dist");
	struct json_place place = {file, ""}, dist_place = {file, "dist"};

	int r = json_check_object(json, FIELDS(fields), place, err);
	if (r >= 0)
		r = json_check_schema(json, 1, place, err);
	if (r >= 0)
		r = check_path(json, "apt_sources", place, err);
	if (r >= 0)
		r = check_address(json, "tars", place, err);
	if (r >= 0)
		r = check_snapshots(json_object_get(json, "snapshots"), file, err);
	if (r < 0 || !dist)
		return r;
	r = json_check_object(dist, FIELDS(dist_fields), dist_place, err);
	if (r >= 0)
		r = check_address(dist, "address", dist_place, err);
	return r < 0 ? r : check_path(dist, "keyring", dist_place, err);
}

int config_read(const char *path, struct config *ret_config, struct error *err)
{
	*ret_config = (struct config){.json = NULL};
	if (!path && !path_exists(CONFIG_DEFAULT))
		return 0;
	const char *file = path ? path : CONFIG_DEFAULT;
	int r = json_read_file(file, &ret_config->json, err);
	if (r >= 0)
		r = config_check(ret_config->json, file, err);
	if (r < 0)
		return r;
	const json_t *dist = json_object_get(ret_config->json, "dist");
	ret_config->apt_sources = json_text(ret_config->json, "apt_sources");
	ret_config->snapshots = json_object_get(ret_config->json, "snapshots");
	ret_config->dist_address = json_text(dist, "address");
	ret_config->dist_keyring = json_text(dist, "keyring");
	ret_config->tars = json_text(ret_config->json, "tars");
	return 0;
}

void config_fini(struct config *config)
{
	json_decref(config->json);
	*config = (struct config){.json = NULL};
}
