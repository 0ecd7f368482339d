#include "bake/vet_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/json.h"
#include "bake/vet_set.h"
#include "base/fd.h"
#include "image/digest.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

enum { PART_SIZE = 512 };

static int refuse(struct error *err, const char *why)
{
	return error_set_plain(err, -EINVAL, "vet", "%s", why);
}

/* ---- own audits ---- */

/* A basic string of TOML: what it escapes is escaped. */
static void put_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, "%s = \"", key);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c < ' ' || c == 127)
			fprintf(out, "\\u%04X", c);
		else
			fputc(c, out);
	}
	fputs("\"\n", out);
}

static int check_record(const struct vet_record *record, struct error *err)
{
	if (!record->crate[0] || record->crate[strspn(record->crate, NAME_LETTERS)])
		return refuse(err, "a crate's name is letters, digits, - and _");
	if (!record->who || !record->who[0])
		return refuse(err, "say who made the audit, by name and address: --who");
	if (!record->notes || !record->notes[0])
		return refuse(err, "say what was looked at and what was found: --notes");
	if (!record->criteria || !vet_criteria_parse(record->criteria))
		return refuse(err, "--criteria is safe-to-run or safe-to-deploy");
	return 0;
}

int vet_record_format(const struct vet_record *record, char **ret_text, struct error *err)
{
	size_t size;

	int r = check_record(record, err);
	if (r < 0)
		return r;
	FILE *out = open_memstream(ret_text, &size);
	if (!out)
		return error_set(err, -ENOMEM, "vet", "cannot write the audit");
	fprintf(out, "[[audits.%s]]\n", record->crate);
	put_text(out, "who", record->who);
	put_text(out, "criteria", record->criteria);
	if (record->version)
		put_text(out, "version", record->version);
	if (record->delta)
		put_text(out, "delta", record->delta);
	if (record->violation)
		put_text(out, "violation", record->violation);
	put_text(out, "notes", record->notes);
	return fclose(out) == 0 ? 0 : error_set(err, -ENOMEM, "vet", "cannot write the audit");
}

/* Reads a file that may be missing, which gives an empty text. ret_text: new. */
static int read_text(const char *path, char **ret_text, size_t *ret_len, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		*ret_text = strdup("");
		*ret_len = 0;
		return *ret_text ? 0 : error_set(err, -ENOMEM, "vet", "cannot read %s", path);
	}
	if (fd < 0)
		return error_set(err, -errno, "vet", "cannot open %s", path);
	int r = fd_read_all(fd, VET_FILE_MAX, ret_text, ret_len);
	return r < 0 ? error_set(err, r, "vet", "cannot read %s", path) : 0;
}

int vet_record_add(const char *set, const struct vet_record *record, struct error *err)
{
	_cleanup_free_ char *row = NULL, *before = NULL, *all = NULL;
	struct vet_file_counts counts;
	struct path path;
	size_t len;

	int r = vet_record_format(record, &row, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/" VET_OWN_FILE, set);
	if (r >= 0)
		r = read_text(path.text, &before, &len, err);
	if (r < 0)
		return r;
	if (asprintf(&all, "%s%s%s", before, len > 0 ? "\n" : "", row) < 0) {
		all = NULL;
		return error_set(err, -ENOMEM, "vet", "cannot write %s", path.text);
	}
	/* What would not be read again is not written. */
	r = vet_check_file(all, strlen(all), VET_OWN_FILE, &counts, err);
	return r < 0 ? r : path_write_file(path.text, 0644, all, strlen(all), err);
}

/* ---- audits of others ---- */

/* Is it YYYY-MM-DD? */
static int is_date(const char *text)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return 0;
	return text[sizeof(form) - 1] == '\0';
}

/* The next part of "NAME, ADDRESS, DATE"; last: all that is left. Returns 1 or 0. */
static int take_part(const char **at, int last, char ret[PART_SIZE])
{
	*at += strspn(*at, " ");
	size_t len = last ? strlen(*at) : strcspn(*at, ",");

	if (len == 0 || len >= PART_SIZE || (!last && (*at)[len] != ','))
		return 0;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len + !last;
	return 1;
}

static json_t *describe(const char *source, const char *file, const char *sha256)
{
	char name[PART_SIZE], address[PART_SIZE], date[PART_SIZE];

	if (!take_part(&source, 0, name) || !take_part(&source, 0, address) ||
	    !take_part(&source, 1, date) || !is_date(date))
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "file", file, "source", name, "address",
			 address, "date", date, "sha256", sha256);
}

/* Puts the entry in the place of one for the same file, or at the end. */
static int place_entry(json_t *index, json_t *entry)
{
	size_t i;
	json_t *old;

	json_array_foreach (index, i, old)
		if (strcmp(json_text(old, "file"), json_text(entry, "file")) == 0)
			return json_array_set(index, i, entry);
	return json_array_append(index, entry);
}

static int write_index(const char *set, json_t *entry, struct error *err)
{
	json_auto_t *index = NULL;
	struct path path;

	int r = vet_index_read(set, &index, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/" VET_INDEX_FILE, set);
	if (r < 0)
		return r;
	json_auto_t *top = json_pack("{s:i, s:O}", "schema", 1, "imports", index);
	if (!top || place_entry(index, entry) < 0)
		return error_set(err, -ENOMEM, "vet", "cannot write %s", path.text);
	return json_write_file(path.text, top, err);
}

static int keep_file(const char *set, const char *name, const char *text, size_t len,
		     struct error *err)
{
	struct path folder, to;

	int r = path_format(&folder, err, "%s/" VET_IMPORTS_FOLDER, set);
	if (r >= 0)
		r = path_make_folders(folder.text, err);
	if (r >= 0)
		r = path_format(&to, err, "%s/%s", folder.text, name);
	return r < 0 ? r : path_write_file(to.text, 0644, text, len, err);
}

int vet_import_add(const char *set, const struct vet_import *import,
		   struct vet_file_counts *ret_counts, struct error *err)
{
	const char *slash = strrchr(import->file, '/');
	const char *name = slash ? slash + 1 : import->file;
	char sha256[DIGEST_HEX_SIZE];
	_cleanup_free_ char *text = NULL;
	struct digest digest;
	size_t len;

	if (!path_exists(import->file))
		return error_set(err, -ENOENT, "vet", "cannot open %s", import->file);
	int r = read_text(import->file, &text, &len, err);
	if (r >= 0)
		r = vet_check_file(text, len, name, ret_counts, err);
	if (r < 0)
		return r;
	digest_begin(&digest);
	digest_add(&digest, text, len);
	r = digest_end(&digest, sha256, err);
	if (r < 0)
		return r;
	json_auto_t *entry = describe(import->source, name, sha256);
	if (!entry)
		return refuse(err, "--source is \"NAME, ADDRESS, YYYY-MM-DD\": who published it, "
				   "where, and when it was fetched");
	r = keep_file(set, name, text, len, err);
	return r < 0 ? r : write_index(set, entry, err);
}
