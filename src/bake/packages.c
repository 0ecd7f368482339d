#include "bake/packages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "bake/path.h"
#include "image/digest.h"

enum { PART_SIZE = 256, WHERE_MAX = 96 };

static const struct json_field fields[] = {
	{"name", JSON_SHAPE_TEXT, 0},
	{"version", JSON_SHAPE_TEXT, 0},
	{"architecture", JSON_SHAPE_TEXT, 0},
	{"sha256", JSON_SHAPE_TEXT, 0},
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

int packages_is_name(const char *name)
{
	return strlen(name) >= 2 && name[0] != '-' && name[0] != '.' && name[0] != '+' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+.-")] == '\0';
}

/* Debian policy, 5.6.12; it becomes part of a command line. */
static int is_version(const char *text)
{
	return text[0] >= '0' && text[0] <= '9' &&
	       text[strspn(
		       text,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-:~")] ==
		       '\0';
}

/* Where name stands, or would, in an array that is sorted by name_of(). *ret_is_there: 1 or 0. */
static size_t find_place(const json_t *array, const char *name,
			 const char *(*name_of)(const json_t *item), int *ret_is_there)
{
	size_t low = 0, high = json_array_size(array);

	*ret_is_there = 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name_of(json_array_get(array, middle)), name);
		if (order == 0) {
			*ret_is_there = 1;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const char *name_of(const json_t *package)
{
	return json_text(package, "name");
}

int packages_add_names(json_t *names, const json_t *more)
{
	size_t i;
	json_t *item;

	json_array_foreach (more, i, item) {
		int is_there;
		if (!packages_is_name(json_string_value(item)))
			return -EINVAL;
		size_t place =
			find_place(names, json_string_value(item), json_string_value, &is_there);
		if (!is_there && json_array_insert(names, place, item) < 0)
			return -ENOMEM;
	}
	return 0;
}

int packages_add(json_t *list, json_t *package)
{
	int is_there;
	size_t place = find_place(list, name_of(package), name_of, &is_there);

	if (is_there)
		return -EEXIST;
	return json_array_insert(list, place, package) < 0 ? -ENOMEM : 0;
}

json_t *packages_find(const json_t *list, const char *name)
{
	int is_there;
	size_t place = find_place(list, name, name_of, &is_there);

	return is_there ? json_array_get(list, place) : NULL;
}

int packages_are_same(const json_t *a, const json_t *b)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(json_text(a, fields[i].name), json_text(b, fields[i].name)) != 0)
			return 0;
	return 1;
}

/* Names must stand in order: then each is there once, and lists compare line by line. */
static int check_order(const char *before, const char *name, struct json_place place,
		       struct error *err)
{
	if (!packages_is_name(name))
		return json_refuse(place, NULL, err, "has \"%s\", no package's name", name);
	if (before && strcmp(before, name) >= 0)
		return json_refuse(place, NULL, err, "has \"%s\" out of order, or twice", name);
	return 0;
}

int packages_check_names(const json_t *names, struct json_place place, struct error *err)
{
	const char *before = NULL;
	size_t i;
	json_t *item;

	int r = json_check_shape(names, JSON_SHAPE_TEXTS, NULL, place, err);
	json_array_foreach (names, i, item) {
		if (r >= 0)
			r = check_order(before, json_string_value(item), place, err);
		before = json_string_value(item);
	}
	return r;
}

static int check_package(const json_t *package, const char *before, struct json_place place,
			 struct error *err)
{
	int r = json_check_object(package, fields, FIELDS, place, err);
	if (r >= 0)
		r = check_order(before, name_of(package), place, err);
	if (r < 0)
		return r;
	if (!is_version(json_text(package, "version")))
		return json_refuse(place, "version", err, "is \"%s\", no Debian version",
				   json_text(package, "version"));
	if (!packages_is_name(json_text(package, "architecture")))
		return json_refuse(place, "architecture", err, "is \"%s\", no architecture",
				   json_text(package, "architecture"));
	if (!digest_is_hex(json_text(package, "sha256")))
		return json_refuse(place, "sha256", err, "must be 64 lower-case hex digits");
	return 0;
}

int packages_check(const json_t *list, struct json_place place, struct error *err)
{
	const char *before = NULL;
	size_t i;
	json_t *package;

	json_array_foreach (list, i, package) {
		char where[WHERE_MAX];
		snprintf(where, sizeof(where), "%s[%zu]", place.path, i);
		int r = check_package(package, before, (struct json_place){place.file, where}, err);
		if (r < 0)
			return r;
		before = name_of(package);
	}
	return 0;
}

/* Turns "1%3a2.3" into "1:2.3". */
static void unescape(char *text)
{
	char *out = text;

	for (const char *at = text; *at; at++) {
		if (strncasecmp(at, "%3a", 3) == 0) {
			*out++ = ':';
			at += 2;
		} else {
			*out++ = *at;
		}
	}
	*out = '\0';
}

json_t *packages_parse_name(const char *file)
{
	char parts[3][PART_SIZE];
	size_t len = strlen(file);

	if (len < 4 || strcmp(file + len - 4, ".deb") != 0)
		return NULL;
	len -= 4;
	for (size_t i = 0; i < 3; i++) {
		size_t part = strcspn(file, "_");
		if (part > len || i == 2)
			part = len;
		if (part == 0 || part >= PART_SIZE || (i < 2 && part == len))
			return NULL;
		memcpy(parts[i], file, part);
		parts[i][part] = '\0';
		unescape(parts[i]);
		file += part + (i < 2);
		len -= part + (i < 2);
	}
	if (!packages_is_name(parts[0]) || strchr(parts[2], '_'))
		return NULL;
	return json_pack("{s:s, s:s, s:s}", "name", parts[0], "version", parts[1], "architecture",
			 parts[2]);
}

int packages_record(const char *folder, json_t *list, struct error *err)
{
	struct path record;
	json_auto_t *top = json_pack("{s:i, s:O}", "schema", 1, "packages", list);
	if (!top)
		return error_set(err, -ENOMEM, "packages", "cannot record the packages");

	int r = path_format(&record, err, "%s/packages.json", folder);
	return r < 0 ? r : json_write_file(record.text, top, err);
}
