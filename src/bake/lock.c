#include "bake/lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bake/json.h"
#include "bake/packages.h"
#include "bake/path.h"
#include "image/digest.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

enum { WHERE_MAX = 96, LINE_SIZE = 256, PART_SIZE = 128 };

static const struct json_field lock_fields[] = {
	{"schema", JSON_SHAPE_NUMBER, 0}, {"time", JSON_SHAPE_TEXT, 1},
	{"debian", JSON_SHAPE_OBJECT, 0}, {"rust", JSON_SHAPE_OBJECT, 0},
	{"tools", JSON_SHAPE_OBJECT, 0},
};

static const struct json_field debian_fields[] = {
	{"suite", JSON_SHAPE_TEXT, 0},		{"architecture", JSON_SHAPE_TEXT, 0},
	{"wanted", JSON_SHAPE_TEXTS, 0},	{"packages", JSON_SHAPE_ARRAY, 0},
	{"alternatives", JSON_SHAPE_OBJECT, 1},
};

static const struct json_field alternative_fields[] = {
	{"wanted", JSON_SHAPE_TEXTS, 0},
	{"packages", JSON_SHAPE_ARRAY, 0},
};

static const struct json_field rustup_fields[] = {
	{"source", JSON_SHAPE_TEXT, 0},
	{"version", JSON_SHAPE_TEXT, 1},
	{"tree_sha256", JSON_SHAPE_TEXT, 0},
};

static const struct json_field dist_fields[] = {
	{"source", JSON_SHAPE_TEXT, 0},	     {"version", JSON_SHAPE_TEXT, 1},
	{"date", JSON_SHAPE_TEXT, 0},	     {"manifest_sha256", JSON_SHAPE_TEXT, 0},
	{"tree_sha256", JSON_SHAPE_TEXT, 0},
};

static const struct json_field deb_fields[] = {{"source", JSON_SHAPE_TEXT, 0}};

static const struct json_field tar_fields[] = {
	{"source", JSON_SHAPE_TEXT, 0},
	{"sha256", JSON_SHAPE_TEXT, 0},
};

static const struct json_field dir_fields[] = {
	{"source", JSON_SHAPE_TEXT, 0},
	{"tree_sha256", JSON_SHAPE_TEXT, 0},
};

#define KIND(name, table)                                                                          \
	{                                                                                          \
		name, table, sizeof(table) / sizeof((table)[0])                                    \
	}

static const struct json_kind rust_kinds[] = {
	KIND("rustup", rustup_fields),
	KIND("dist", dist_fields),
	KIND("deb", deb_fields),
	{NULL, NULL, 0},
};

static const struct json_kind tool_kinds[] = {
	KIND("tar", tar_fields),
	KIND("dir", dir_fields),
	KIND("deb", deb_fields),
	{NULL, NULL, 0},
};

static int check_sums(const json_t *part, struct json_place place, struct error *err)
{
	static const char *const keys[] = {"sha256", "tree_sha256", "manifest_sha256"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_get(part, keys[i]) && !digest_is_hex(json_text(part, keys[i])))
			return json_refuse(place, keys[i], err, "must be 64 lower-case hex digits");
	return 0;
}

int lock_is_date(const char *text)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return 0;
	return 1;
}

static int check_part(const json_t *part, const struct json_kind *kinds, struct json_place place,
		      struct error *err)
{
	int r = json_check_kind(part, "source", kinds, place, err);
	if (r >= 0)
		r = check_sums(part, place, err);
	if (r >= 0 && json_object_get(part, "date") && !lock_is_date(json_text(part, "date")))
		r = json_refuse(place, "date", err, "must be YYYY-MM-DD");
	return r;
}

static int check_parts(const json_t *lock, const char *key, const struct json_kind *kinds,
		       const char *file, struct error *err)
{
	const char *name;
	json_t *part;

	json_object_foreach (json_object_get(lock, key), name, part) {
		char where[WHERE_MAX];
		snprintf(where, sizeof(where), "%s.%s", key, name);
		int r = check_part(part, kinds, (struct json_place){file, where}, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* "wanted" and "packages" of an object. */
static int check_lists(const json_t *object, struct json_place place, struct error *err)
{
	char where[WHERE_MAX];

	snprintf(where, sizeof(where), "%s.wanted", place.path);
	int r = packages_check_names(json_object_get(object, "wanted"),
				     (struct json_place){place.file, where}, err);
	snprintf(where, sizeof(where), "%s.packages", place.path);
	return r < 0 ? r
		     : packages_check(json_object_get(object, "packages"),
				      (struct json_place){place.file, where}, err);
}

static int check_debian(const json_t *debian, const char *file, struct error *err)
{
	struct json_place place = {file, "debian"};
	const char *name;
	json_t *alternative;

	int r = json_check_object(debian, FIELDS(debian_fields), place, err);
	if (r >= 0)
		r = check_lists(debian, place, err);
	json_object_foreach (json_object_get(debian, "alternatives"), name, alternative) {
		char where[WHERE_MAX];
		snprintf(where, sizeof(where), "debian.alternatives.%s", name);
		place.path = where;
		if (r >= 0)
			r = json_check_object(alternative, FIELDS(alternative_fields), place, err);
		if (r >= 0)
			r = check_lists(alternative, place, err);
	}
	return r;
}

/* "YYYYMMDDTHHMMSSZ": it becomes part of a snapshot's address. */
static int check_time(const json_t *lock, struct json_place place, struct error *err)
{
	static const char form[] = "ddddddddTddddddZ";
	const char *text = json_text(lock, "time");

	for (size_t i = 0; text && i < sizeof(form); i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return json_refuse(place, "time", err, "must be YYYYMMDDTHHMMSSZ");
	return 0;
}

int lock_check(const json_t *lock, const char *file, struct error *err)
{
	struct json_place place = {file, ""};

	int r = json_check_object(lock, FIELDS(lock_fields), place, err);
	if (r >= 0)
		r = json_check_schema(lock, 1, place, err);
	if (r >= 0)
		r = check_time(lock, place, err);
	if (r >= 0)
		r = check_debian(json_object_get(lock, "debian"), file, err);
	if (r >= 0)
		r = check_parts(lock, "rust", rust_kinds, file, err);
	return r < 0 ? r : check_parts(lock, "tools", tool_kinds, file, err);
}

int lock_read(const char *folder, json_t **ret_lock, struct error *err)
{
	json_auto_t *lock = NULL;
	struct path path;

	int r = path_format(&path, err, "%s/lock.json", folder);
	if (r >= 0 && path_exists(path.text)) {
		r = json_read_file(path.text, &lock, err);
		if (r >= 0)
			r = lock_check(lock, path.text, err);
	}
	if (r >= 0)
		*ret_lock = json_incref(lock);
	return r;
}

/* Adds the packages of more that list has not yet. */
static int add_all(json_t *list, const json_t *more)
{
	size_t i;
	json_t *package;

	json_array_foreach (more, i, package)
		if (packages_add(list, package) == -ENOMEM)
			return -ENOMEM;
	return 0;
}

json_t *lock_packages(const json_t *lock, const char *suite, const char *architecture,
		      const json_t *wanted, const json_t *alternatives)
{
	const json_t *debian = json_object_get(lock, "debian");
	json_auto_t *list = json_array();
	const char *name;
	json_t *names;

	if (!debian || strcmp(json_text(debian, "suite"), suite) != 0 ||
	    strcmp(json_text(debian, "architecture"), architecture) != 0 ||
	    !json_equal(json_object_get(debian, "wanted"), wanted) ||
	    add_all(list, json_object_get(debian, "packages")) < 0)
		return NULL;
	json_object_foreach ((json_t *)alternatives, name, names) {
		const json_t *locked =
			json_object_get(json_object_get(debian, "alternatives"), name);
		if (!json_equal(json_object_get(locked, "wanted"), names) ||
		    add_all(list, json_object_get(locked, "packages")) < 0)
			return NULL;
	}
	return json_incref(list);
}

json_t *lock_all_packages(const json_t *lock)
{
	const json_t *debian = json_object_get(lock, "debian");
	json_auto_t *list = json_array();
	const char *name;
	json_t *locked;

	if (!list || add_all(list, json_object_get(debian, "packages")) < 0)
		return NULL;
	json_object_foreach (json_object_get(debian, "alternatives"), name, locked)
		if (add_all(list, json_object_get(locked, "packages")) < 0)
			return NULL;
	return json_incref(list);
}

static void tell_package(const json_t *before, const json_t *after, lock_line *line, void *owner)
{
	char text[LINE_SIZE];
	const char *name = json_text(before ? before : after, "name");

	if (!before)
		snprintf(text, sizeof(text), "%s: new, %s", name, json_text(after, "version"));
	else if (!after)
		snprintf(text, sizeof(text), "%s: gone, was %s", name,
			 json_text(before, "version"));
	else if (strcmp(json_text(before, "version"), json_text(after, "version")) != 0)
		snprintf(text, sizeof(text), "%s: %s → %s", name, json_text(before, "version"),
			 json_text(after, "version"));
	else
		snprintf(text, sizeof(text), "%s: %s, another file (sha256 %.12s… → %.12s…)", name,
			 json_text(before, "version"), json_text(before, "sha256"),
			 json_text(after, "sha256"));
	line(owner, text);
}

size_t lock_compare_packages(const json_t *before, const json_t *after, lock_line *line,
			     void *owner)
{
	size_t i = 0, k = 0, lines = 0;

	while (i < json_array_size(before) || k < json_array_size(after)) {
		const json_t *old = json_array_get(before, i), *new = json_array_get(after, k);
		int order = !old   ? 1
			    : !new ? -1
				   : strcmp(json_text(old, "name"), json_text(new, "name"));
		i += order <= 0;
		k += order >= 0;
		if (order == 0 && packages_are_same(old, new))
			continue;
		tell_package(order <= 0 ? old : NULL, order >= 0 ? new : NULL, line, owner);
		lines++;
	}
	return lines;
}

/* "rustup 1.95.0 (0123456789ab)"; "none" for what is not there. */
static void part_words(const json_t *part, char ret_text[PART_SIZE])
{
	static const char *const keys[] = {"tree_sha256", "sha256"};
	const char *version = json_text(part, "version"), *sum = NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !sum; i++)
		sum = json_text(part, keys[i]);
	if (!part)
		snprintf(ret_text, PART_SIZE, "none");
	else
		snprintf(ret_text, PART_SIZE, "%s%s%.60s%s%.12s%s", json_text(part, "source"),
			 version ? " " : "", version ? version : "", sum ? " [" : "",
			 sum ? sum : "", sum ? "]" : "");
}

static void tell_part(const char *what, const char *name, const json_t *before, const json_t *after,
		      lock_line *line, void *owner)
{
	char text[LINE_SIZE + 2 * PART_SIZE], old[PART_SIZE], new[PART_SIZE];

	part_words(before, old);
	part_words(after, new);
	snprintf(text, sizeof(text), "%s%.60s: %s → %s", what, name, old, new);
	line(owner, text);
}

size_t lock_compare_parts(const char *what, const json_t *before, const json_t *after,
			  lock_line *line, void *owner)
{
	size_t lines = 0;
	const char *name;
	json_t *part;

	json_object_foreach ((json_t *)before, name, part) {
		if (json_equal(part, json_object_get(after, name)))
			continue;
		tell_part(what, name, part, json_object_get(after, name), line, owner);
		lines++;
	}
	json_object_foreach ((json_t *)after, name, part) {
		if (json_object_get(before, name))
			continue;
		tell_part(what, name, NULL, part, line, owner);
		lines++;
	}
	return lines;
}
