#include "bake/vet_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "bake/json.h"
#include "base/fd.h"
#include "image/digest.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

static const struct json_field index_fields[] = {
	{"schema", JSON_SHAPE_NUMBER, 0},
	{"imports", JSON_SHAPE_ARRAY, 0},
};

static const struct json_field import_fields[] = {
	{"file", JSON_SHAPE_TEXT, 0},	 {"source", JSON_SHAPE_TEXT, 0},
	{"address", JSON_SHAPE_TEXT, 0}, {"date", JSON_SHAPE_TEXT, 0},
	{"sha256", JSON_SHAPE_TEXT, 0},
};

static int check_import(const json_t *import, const char *file, size_t index, struct error *err)
{
	char path[48];

	snprintf(path, sizeof(path), "imports[%zu]", index);
	struct json_place place = {file, path};
	int r = json_check_object(import, FIELDS(import_fields), place, err);
	if (r < 0)
		return r;
	if (!path_is_below(json_text(import, "file")) || strchr(json_text(import, "file"), '/'))
		return json_refuse(place, "file", err, "must be a file beside it");
	if (!digest_is_hex(json_text(import, "sha256")))
		return json_refuse(place, "sha256", err, "must be 64 lower-case hex digits");
	return 0;
}

int vet_index_read(const char *folder, json_t **ret_index, struct error *err)
{
	json_auto_t *top = NULL;
	struct path path;
	size_t i;
	json_t *import;

	int r = path_format(&path, err, "%s/" VET_INDEX_FILE, folder);
	if (r < 0)
		return r;
	if (!path_exists(path.text)) {
		*ret_index = json_array();
		return *ret_index ? 0 : error_set(err, -ENOMEM, "vet", "cannot read the imports");
	}
	struct json_place place = {path.text, ""};
	r = json_read_file(path.text, &top, err);
	if (r >= 0)
		r = json_check_object(top, FIELDS(index_fields), place, err);
	if (r >= 0)
		r = json_check_schema(top, 1, place, err);
	json_array_foreach (json_object_get(top, "imports"), i, import)
		if (r >= 0)
			r = check_import(import, path.text, i, err);
	if (r >= 0)
		*ret_index = json_incref(json_object_get(top, "imports"));
	return r;
}

/* Reads a file of audits whole, with its hash. */
static int read_source(const char *folder, struct vet_source *source, struct error *err)
{
	struct digest digest;
	struct path path;

	int r = path_format(&path, err, "%s/%s", folder, source->file);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "vet", "cannot open %s", path.text);
	r = fd_read_all(fd, VET_FILE_MAX, &source->text, &source->len);
	if (r < 0)
		return error_set(err, r, "vet", "cannot read %s", path.text);
	digest_begin(&digest);
	digest_add(&digest, source->text, source->len);
	r = digest_end(&digest, source->sha256, err);
	if (r >= 0 && source->index &&
	    strcmp(source->sha256, json_text(source->index, "sha256")) != 0)
		return error_set_plain(err, -EBADMSG, "vet",
				       "%s is not the file that was imported (sha256 %.12s…, not "
				       "%.12s…); import it again",
				       path.text, source->sha256,
				       json_text(source->index, "sha256"));
	return r;
}

static int add_source(struct vet_set *set, const char *folder, const char *file,
		      const json_t *index, struct error *err)
{
	if (set->source_count >= VET_SOURCES_MAX)
		return error_set_plain(err, -E2BIG, "vet", "%s has more than %d files of audits",
				       folder, VET_SOURCES_MAX);
	struct vet_source *source = &set->sources[set->source_count++];
	*source = (struct vet_source){.origin = index ? VET_IMPORTED : VET_OWN, .index = index};
	int n = snprintf(source->file, sizeof(source->file), "%s%s",
			 index ? VET_IMPORTS_FOLDER "/" : "", file);
	if (n < 0 || (size_t)n >= sizeof(source->file))
		return error_set_plain(err, -ENAMETOOLONG, "vet", "%.100s is too long a name",
				       file);
	return read_source(folder, source, err);
}

int vet_set_read_audits(const char *folder, struct vet_set *ret_set, struct error *err)
{
	struct path own;
	size_t i;
	json_t *import;

	int r = path_format(&own, err, "%s/" VET_OWN_FILE, folder);
	if (r >= 0)
		r = vet_index_read(folder, &ret_set->index, err);
	if (r >= 0 && path_exists(own.text))
		r = add_source(ret_set, folder, VET_OWN_FILE, NULL, err);
	json_array_foreach (ret_set->index, i, import)
		if (r >= 0)
			r = add_source(ret_set, folder, json_text(import, "file"), import, err);
	return r;
}

int vet_set_read(const char *folder, struct vet_set *ret_set, struct error *err)
{
	int r = path_format(&ret_set->policy_path, err, "%s/" VET_POLICY_FILE, folder);
	if (r >= 0)
		r = vet_policy_read(ret_set->policy_path.text, &ret_set->policy, err);
	return r < 0 ? r : vet_set_read_audits(folder, ret_set, err);
}

int vet_set_audits(const struct vet_set *set, struct vet_audits *ret_audits, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < set->source_count && r >= 0; i++) {
		const struct vet_source *source = &set->sources[i];
		r = vet_audits_add(ret_audits, source->text, source->len, source->file,
				   source->origin, err);
	}
	return r;
}

void vet_set_fini(struct vet_set *set)
{
	for (size_t i = 0; i < set->source_count; i++)
		free(set->sources[i].text);
	vet_policy_fini(&set->policy);
	json_decref(set->index);
	set->index = NULL;
	set->source_count = 0;
}
