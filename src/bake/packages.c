#include "bake/packages.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/digest.h"
#include "bake/json.h"
#include "bake/path.h"
#include "base/fd.h"

enum { PART_SIZE = 256 };

static int is_package_name(const char *name)
{
	return strlen(name) >= 2 && name[0] != '-' && name[0] != '.' && name[0] != '+' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+.-")] == '\0';
}

int packages_set_add(struct packages_set *set, const json_t *names)
{
	size_t i;
	json_t *item;

	json_array_foreach (names, i, item) {
		const char *name = json_string_value(item);
		size_t k = 0;
		if (!is_package_name(name))
			return -EINVAL;
		while (k < set->count && strcmp(set->names[k], name) != 0)
			k++;
		if (k < set->count)
			continue;
		const char **grown = realloc(set->names, (set->count + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		grown[set->count++] = name;
		set->names = grown;
	}
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int packages_set_join(struct packages_set *set, char *ret_text, size_t size)
{
	size_t used = 0;

	if (set->count > 0)
		qsort(set->names, set->count, sizeof(*set->names), by_text);
	ret_text[0] = '\0';
	for (size_t i = 0; i < set->count; i++) {
		int n = snprintf(ret_text + used, size - used, "%s%s", i ? "," : "", set->names[i]);
		if (n < 0 || (size_t)n >= size - used)
			return -E2BIG;
		used += (size_t)n;
	}
	return 0;
}

void packages_set_fini(struct packages_set *set)
{
	free(set->names);
	set->names = NULL;
	set->count = 0;
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
	if (!is_package_name(parts[0]) || strchr(parts[2], '_'))
		return NULL;
	return json_pack("{s:s, s:s, s:s}", "name", parts[0], "version", parts[1], "architecture",
			 parts[2]);
}

static int record_one(json_t *list, const char *folder, const char *file, struct progress *progress,
		      struct error *err)
{
	struct path path;
	char hex[DIGEST_HEX_SIZE];
	uint64_t size = 0;
	json_auto_t *package = packages_parse_name(file);
	if (!package)
		return error_set_plain(err, -EINVAL, "packages", "%.150s is no .deb file's name",
				       file);

	int r = path_format(&path, err, "%s/%s", folder, file);
	if (r >= 0)
		r = digest_file(path.text, hex, &size, err);
	if (r < 0)
		return r;
	progress_add(progress, json_text(package, "name"), size);
	if (json_object_set_new(package, "sha256", json_string(hex)) < 0 ||
	    json_array_append(list, package) < 0)
		return error_set(err, -ENOMEM, "packages", "cannot record %s", file);
	return 0;
}

static int record_all(json_t *list, const char *folder, struct progress *progress,
		      struct error *err)
{
	struct dirent **entries = NULL;
	int r = 0, count = scandir(folder, &entries, NULL, alphasort);

	if (count < 0)
		return error_set(err, -errno, "packages", "cannot read %s", folder);
	for (int i = 0; i < count; i++) {
		const char *dot = strrchr(entries[i]->d_name, '.');
		if (r >= 0 && dot && strcmp(dot, ".deb") == 0)
			r = record_one(list, folder, entries[i]->d_name, progress, err);
		free(entries[i]);
	}
	free(entries);
	if (r >= 0 && json_array_size(list) == 0)
		return error_set_plain(err, -ENOENT, "packages", "mmdebstrap left no .deb in %s",
				       folder);
	return r;
}

int packages_record(const char *folder, struct progress *progress, struct error *err)
{
	struct path archives, record;
	json_auto_t *list = json_array();
	json_auto_t *top = json_pack("{s:i, s:O?}", "schema", 1, "packages", list);
	if (!list || !top)
		return error_set(err, -ENOMEM, "packages", "cannot record the packages");

	int r = path_format(&archives, err, "%s/root/var/cache/apt/archives", folder);
	if (r >= 0)
		r = path_format(&record, err, "%s/packages.json", folder);
	if (r >= 0)
		r = record_all(list, archives.text, progress, err);
	if (r >= 0)
		r = json_write_file(record.text, top, err);
	return r;
}
