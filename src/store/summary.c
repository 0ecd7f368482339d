#include "store/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/confined.h"
#include "bake/json.h"
#include "base/fd.h"
#include "image/documents.h"

/* Of a value in a path of settings. */
enum { NAME_SIZE = 256, DEPTH_MAX = 16 };

static int load(const struct store_image *image, const char *name,
		struct summary_document *ret_document, struct error *err)
{
	struct path path;

	int r = path_format(&path, err, "%s/%s", image->folder.text, name);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	r = fd < 0 ? -errno
		   : fd_read_all(fd, DOCUMENTS_BYTES_MAX, &ret_document->data, &ret_document->len);
	return r < 0 ? error_set(err, r, "summary", "cannot read %s", path.text) : 0;
}

int summary_load(const struct store_image *image, struct summary_documents *ret_documents,
		 struct error *err)
{
	int r = 0;

	*ret_documents = (struct summary_documents){.manifest = {.data = NULL}};
#define X(field, file)                                                                             \
	if (r >= 0)                                                                                \
		r = load(image, file, &ret_documents->field, err);
	SUMMARY_DOCUMENTS(X)
#undef X
	return r;
}

void summary_documents_fini(struct summary_documents *documents)
{
#define X(field, file) free(documents->field.data);
	SUMMARY_DOCUMENTS(X)
#undef X
	*documents = (struct summary_documents){.manifest = {.data = NULL}};
}

int summary_confine(const struct store_image *image, struct error *err)
{
	_cleanup_fd_ int fd = open(image->folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct confined_spec spec = {.what = image->folder.text,
					   .access = CONFINED_READS,
					   .folder_fd = fd,
					   .input_fd = -EBADF,
					   .bytes_max = DOCUMENTS_BYTES_MAX};

	if (fd < 0)
		return error_set(err, -errno, "summary", "cannot open %s", image->folder.text);
	fflush(NULL);
	return confined_enter(&spec, err);
}

/* Adds name: text; where the name is there already, its text is made longer. */
static int add(json_t *map, const char *name, const char *text)
{
	const char *before = json_string_value(json_object_get(map, name));

	if (before)
		return json_object_set_new(map, name, json_sprintf("%s, %s", before, text));
	return json_object_set_new(map, name, json_string(text));
}

static int parse(const struct summary_document *document, const char *file, json_t **ret_json,
		 struct error *err)
{
	json_error_t at;

	if (!document->data)
		return 0;
	*ret_json = json_loadb(document->data, document->len, JSON_REJECT_DUPLICATES, &at);
	if (*ret_json)
		return 0;
	return error_set_plain(err, -EINVAL, "summary", "%s:%d:%d: %s", file, at.line, at.column,
			       at.text);
}

/* A language and, where it has several, its channels. */
static int add_tools(json_t *tools, const json_t *language)
{
	const char *name = json_text(language, "name"), *version = json_text(language, "version");
	const char *channel;
	json_t *value;
	int r = name && version ? add(tools, name, version) : 0;

	json_object_foreach (json_object_get(language, "channels"), channel, value) {
		char title[NAME_SIZE];
		const char *own = json_text(json_object_get(value, "rustc"), "version");
		snprintf(title, sizeof(title), "%s %s", name ? name : "?", channel);
		if (r >= 0 && own)
			r = add(tools, title, own);
	}
	return r;
}

/* Those a program can name; vetting.json has all of them. */
static int add_channel_crates(json_t *crates, const json_t *language)
{
	const char *channel;
	json_t *value, *crate;
	size_t i;

	json_object_foreach (json_object_get(language, "channels"), channel, value) {
		json_array_foreach (json_object_get(value, "crates"), i, crate) {
			const char *name = json_text(crate, "name");
			const char *version = json_text(crate, "version");
			if (name && version && !json_object_get(crates, name) &&
			    add(crates, name, version) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int add_packages(json_t *packages, const json_t *document)
{
	const json_t *package;
	size_t i;

	json_array_foreach (json_object_get(document, "packages"), i, package) {
		const char *name = json_text(package, "name");
		const char *version = json_text(package, "version");
		const char *architecture = json_text(package, "architecture");
		char title[NAME_SIZE];
		if (!name || !version)
			continue;
		snprintf(title, sizeof(title), "%s:%s", name, architecture ? architecture : "?");
		if (add(packages, title, version) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_vetted_crates(json_t *crates, const json_t *vetting)
{
	const json_t *crate;
	size_t i;

	json_array_foreach (json_object_get(vetting, "crates"), i, crate) {
		const char *name = json_text(crate, "name");
		const char *version = json_text(crate, "version");
		if (name && version && add(crates, name, version) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What is told elsewhere, or is no setting. */
static int is_setting(const char *key)
{
	static const char *const others[] = {"id", "version", "channels", "hello", "checks"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(key, others[i]) == 0)
			return 0;
	return 1;
}

/* Every value of the manifest that is not an object, under the path of keys that leads to it. */
static int add_settings(json_t *settings, const char *path, const json_t *value, int depth)
{
	char below[NAME_SIZE];
	const char *key;
	json_t *item;
	int r = 0;

	if (json_is_object(value) && depth < DEPTH_MAX) {
		json_object_foreach ((json_t *)value, key, item) {
			snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", key);
			if (r >= 0 && is_setting(key))
				r = add_settings(settings, below, item, depth + 1);
		}
		return r;
	}
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	r = text ? json_object_set_new(settings, path, json_string(text)) : -ENOMEM;
	free(text);
	return r;
}

static int add_languages(struct summary *summary, const json_t *manifest, int with_crates)
{
	const json_t *language;
	size_t i;
	int r = 0;

	json_array_foreach (json_object_get(manifest, "languages"), i, language) {
		const char *id = json_text(language, "id");
		if (r >= 0)
			r = add_tools(summary->tools, language);
		if (r >= 0 && with_crates)
			r = add_channel_crates(summary->crates, language);
		if (r >= 0 && id)
			r = add_settings(summary->settings, id, language, 0);
	}
	return r;
}

static int fill(struct summary *summary, const json_t *manifest, const json_t *packages,
		const json_t *vetting)
{
	int r = add_languages(summary, manifest, vetting == NULL);

	if (r >= 0)
		r = add_packages(summary->packages, packages);
	if (r >= 0)
		r = add_vetted_crates(summary->crates, vetting);
	summary->vetting = json_incref(json_object_get(vetting, "counts"));
	return r;
}

int summary_parse(const struct summary_documents *documents, struct summary *ret_summary,
		  struct error *err)
{
#define X(field, file) json_auto_t *field = NULL;
	SUMMARY_DOCUMENTS(X)
#undef X
	int r = 0;

#define X(field, name) .field = json_object(),
	*ret_summary = (struct summary){SUMMARY_MAPS(X)};
#undef X
#define X(field, file)                                                                             \
	if (r >= 0)                                                                                \
		r = parse(&documents->field, file, &field, err);
	SUMMARY_DOCUMENTS(X)
#undef X
	if (r >= 0 && fill(ret_summary, manifest, packages, vetting) < 0)
		r = error_set(err, -ENOMEM, "summary", "cannot read the documents");
	return r;
}

void summary_fini(struct summary *summary)
{
#define X(field, name) json_decref(summary->field);
	SUMMARY_MAPS(X)
#undef X
	json_decref(summary->vetting);
	*summary = (struct summary){.vetting = NULL};
}
