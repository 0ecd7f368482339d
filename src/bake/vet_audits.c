#include "bake/vet_audits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/json.h"
#include "bake/semver.h"
#include "bake/toml.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

enum { PLACE_SIZE = 160, CRITERIA_MAX = 64 };

/* texts: one, or an array of them; the caller checks. */
static const struct json_field row_fields[] = {
	{"who", JSON_SHAPE_ANY, 1},
	{"criteria", JSON_SHAPE_ANY, 0},
	{"version", JSON_SHAPE_TEXT, 1},
	{"delta", JSON_SHAPE_TEXT, 1},
	{"violation", JSON_SHAPE_TEXT, 1},
	{"notes", JSON_SHAPE_TEXT, 1},
	{"importable", JSON_SHAPE_BOOLEAN, 1},
	{"aggregated-from", JSON_SHAPE_ANY, 1},
};

static const struct json_field criteria_fields[] = {
	{"description", JSON_SHAPE_TEXT, 1},
	{"description-url", JSON_SHAPE_TEXT, 1},
	{"implies", JSON_SHAPE_ANY, 1},
	{"aggregated-from", JSON_SHAPE_ANY, 1},
};

static const struct json_field set_fields[] = {
	{"criteria", JSON_SHAPE_OBJECT, 1},
	{"audits", JSON_SHAPE_OBJECT, 1},
	{"wildcard-audits", JSON_SHAPE_OBJECT, 1},
	{"trusted", JSON_SHAPE_OBJECT, 1},
};

/* An imports.lock; its audits are sets. */
static const struct json_field lock_fields[] = {
	{"audits", JSON_SHAPE_OBJECT, 1},
	{"publisher", JSON_SHAPE_OBJECT, 1},
	{"unpublished", JSON_SHAPE_OBJECT, 1},
};

/* One set of audits while it is read. */
struct reading {
	struct vet_audits *audits;
	const json_t *criteria; /* the set's own, or NULL */
	const char *source;
	const char *set; /* or NULL */
	enum vet_origin origin;
	struct error *err;
};

unsigned vet_criteria_parse(const char *name)
{
	if (strcmp(name, "safe-to-run") == 0)
		return VET_RUN;
	return strcmp(name, "safe-to-deploy") == 0 ? VET_RUN | VET_DEPLOY : 0;
}

const char *vet_criteria_name(unsigned criteria)
{
	if (criteria & VET_DEPLOY)
		return "safe-to-deploy";
	return criteria & VET_RUN ? "safe-to-run" : NULL;
}

/* ---- reading ---- */

static int is_texts(const json_t *value)
{
	size_t i;
	json_t *item;

	json_array_foreach (value, i, item)
		if (!json_is_string(item))
			return 0;
	return json_is_string(value) || json_is_array(value);
}

static int check_texts(const json_t *row, const char *name, struct json_place place,
		       struct error *err)
{
	const json_t *value = json_object_get(row, name);

	if (!value || is_texts(value))
		return 0;
	return json_refuse(place, name, err, "must be a text or an array of texts");
}

/* What a list of criteria comes to, with all that the set's own imply. */
static unsigned close_criteria(const json_t *criteria, const json_t *names)
{
	const json_t *todo[CRITERIA_MAX] = {names};
	size_t count = 1;
	unsigned bits = 0;

	/* The list only grows; a text that is there already is not looked at again. */
	for (size_t at = 0; at < count; at++) {
		size_t parts = json_is_array(todo[at]) ? json_array_size(todo[at]) : 1;
		for (size_t i = 0; i < parts; i++) {
			const json_t *name =
				json_is_array(todo[at]) ? json_array_get(todo[at], i) : todo[at];
			const json_t *own = json_object_get(criteria, json_string_value(name));
			const json_t *implies = json_object_get(own, "implies");
			int seen = 0;
			bits |= vet_criteria_parse(json_string_value(name));
			for (size_t k = 0; k < count; k++)
				seen |= todo[k] == implies;
			if (implies && !seen && count < CRITERIA_MAX)
				todo[count++] = implies;
		}
	}
	return bits;
}

/* "VERSION" or "VERSION@git:…", which names no published crate but may be part of a chain. */
static int take_version(const char *text, size_t len, char ret[VET_NAME_SIZE])
{
	struct semver version;
	char bare[VET_NAME_SIZE];

	while (len > 0 && text[len - 1] == ' ')
		len--;
	if (len == 0 || len >= VET_NAME_SIZE)
		return 0;
	memcpy(ret, text, len);
	ret[len] = '\0';
	memcpy(bare, ret, len + 1);
	bare[strcspn(bare, "@")] = '\0';
	return strchr(ret, '@') != NULL || semver_parse(bare, &version) == 0;
}

static int take_delta(const char *text, struct vet_audit *audit)
{
	const char *arrow = strstr(text, "->");
	if (!arrow || !take_version(text, (size_t)(arrow - text), audit->from))
		return 0;
	arrow += 2;
	arrow += strspn(arrow, " ");
	return take_version(arrow, strlen(arrow), audit->to);
}

/* Which of the three a row is, and for which versions. */
static int take_kind(const json_t *row, struct json_place place, struct vet_audit *audit,
		     struct error *err)
{
	static const struct semver any = {.pre = ""};
	const char *version = json_text(row, "version"), *delta = json_text(row, "delta");

	audit->violation = json_text(row, "violation");
	if ((version != NULL) + (delta != NULL) + (audit->violation != NULL) != 1)
		return json_refuse(place, NULL, err, "must have version, delta or violation, one");
	if (version) {
		audit->kind = VET_FULL;
		if (!take_version(version, strlen(version), audit->to))
			return json_refuse(place, "version", err, "is \"%.40s\", no version",
					   version);
	} else if (delta) {
		audit->kind = VET_DELTA;
		if (!take_delta(delta, audit))
			return json_refuse(place, "delta", err,
					   "is \"%.60s\", not VERSION -> VERSION", delta);
	} else {
		audit->kind = VET_VIOLATION;
		if (semver_matches(audit->violation, &any) < 0)
			return json_refuse(place, "violation", err,
					   "is \"%.40s\", no requirement for versions",
					   audit->violation);
	}
	return 0;
}

static int add_row(struct vet_audits *audits, const struct vet_audit *audit, struct error *err)
{
	if (audits->count >= VET_AUDITS_MAX)
		return error_set_plain(err, -E2BIG, "audits", "there are more than %d audits",
				       VET_AUDITS_MAX);
	if ((audits->count & (audits->count - 1)) == 0) { /* full at every power of two */
		size_t room = audits->count ? 2 * audits->count : 1;
		void *grown = realloc(audits->rows, room * sizeof(*audits->rows));
		if (!grown)
			return error_set(err, -ENOMEM, "audits", "cannot read the audits");
		audits->rows = grown;
	}
	audits->rows[audits->count++] = *audit;
	return 0;
}

static int read_row(const struct reading *reading, const char *crate, const json_t *row,
		    struct json_place place)
{
	struct error *err = reading->err;
	struct vet_audit audit = {.crate = crate,
				  .who = json_object_get(row, "who"),
				  .said = json_object_get(row, "criteria"),
				  .notes = json_text(row, "notes"),
				  .source = reading->source,
				  .set = reading->set};

	int r = json_check_object(row, FIELDS(row_fields), place, err);
	if (r >= 0)
		r = check_texts(row, "who", place, err);
	if (r >= 0)
		r = check_texts(row, "criteria", place, err);
	if (r >= 0)
		r = check_texts(row, "aggregated-from", place, err);
	if (r >= 0)
		r = take_kind(row, place, &audit, err);
	if (r < 0)
		return r;
	/* A violation is heeded even where it was not meant for others. */
	if (reading->origin == VET_IMPORTED && audit.kind != VET_VIOLATION &&
	    json_is_false(json_object_get(row, "importable"))) {
		reading->audits->left_out++;
		return 0;
	}
	audit.criteria = close_criteria(reading->criteria, audit.said);
	return add_row(reading->audits, &audit, err);
}

static size_t count_rows(const json_t *crates)
{
	const char *crate;
	json_t *rows;
	size_t count = 0;

	json_object_foreach ((json_t *)crates, crate, rows)
		count += json_array_size(rows);
	return count;
}

static int check_criteria(const json_t *criteria, const char *source, struct error *err)
{
	const char *name;
	json_t *entry;

	json_object_foreach ((json_t *)criteria, name, entry) {
		char path[PLACE_SIZE];
		snprintf(path, sizeof(path), "criteria.%.64s", name);
		struct json_place place = {source, path};
		int r = json_check_object(entry, FIELDS(criteria_fields), place, err);
		if (r >= 0)
			r = check_texts(entry, "implies", place, err);
		if (r < 0)
			return r;
		if (vet_criteria_parse(name))
			return json_refuse(place, NULL, err, "may not be defined anew");
	}
	return 0;
}

static int read_set(struct reading *reading, const json_t *set)
{
	const json_t *crates = json_object_get(set, "audits");
	struct json_place place = {reading->source, reading->set ? reading->set : ""};
	const char *crate;
	json_t *rows;

	int r = json_check_object(set, FIELDS(set_fields), place, reading->err);
	if (r >= 0)
		r = check_criteria(json_object_get(set, "criteria"), reading->source, reading->err);
	if (r < 0)
		return r;
	reading->criteria = json_object_get(set, "criteria");
	reading->audits->left_out += count_rows(json_object_get(set, "wildcard-audits")) +
				     count_rows(json_object_get(set, "trusted"));
	json_object_foreach ((json_t *)crates, crate, rows) {
		size_t i;
		json_t *row;
		if (!json_is_array(rows))
			return json_refuse(place, crate, reading->err,
					   "must be an array of tables");
		json_array_foreach (rows, i, row) {
			char path[PLACE_SIZE];
			snprintf(path, sizeof(path), "audits.%.64s[%zu]", crate, i);
			r = read_row(reading, crate, row,
				     (struct json_place){reading->source, path});
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* In an imports.lock the audits are tables of sets; in an audits.toml, tables of arrays. */
static int is_lock(const json_t *top)
{
	const char *name;
	json_t *value;

	if (json_object_get(top, "publisher") || json_object_get(top, "unpublished"))
		return 1;
	json_object_foreach (json_object_get(top, "audits"), name, value)
		return json_is_object(value);
	return 0;
}

static int read_file(struct reading *reading, const json_t *top)
{
	const char *name;
	json_t *set;

	if (!is_lock(top))
		return read_set(reading, top);
	int r = json_check_object(top, FIELDS(lock_fields),
				  (struct json_place){reading->source, ""}, reading->err);
	json_object_foreach (json_object_get(top, "audits"), name, set) {
		reading->set = name;
		if (r >= 0)
			r = read_set(reading, set);
	}
	return r;
}

int vet_audits_add(struct vet_audits *audits, const char *text, size_t len, const char *source,
		   enum vet_origin origin, struct error *err)
{
	struct reading reading = {.audits = audits, .source = source, .origin = origin, .err = err};
	json_t *top = NULL;

	int r = toml_parse(text, len, source, &top, err);
	if (r < 0)
		return r;
	if (!audits->files)
		audits->files = json_array();
	/* Rows borrow from it, also those of a file that turns out to be refused. */
	if (json_array_append_new(audits->files, top) < 0)
		return error_set(err, -ENOMEM, "audits", "cannot read %s", source);
	return read_file(&reading, top);
}

void vet_audits_fini(struct vet_audits *audits)
{
	json_decref(audits->files);
	free(audits->rows);
	*audits = (struct vet_audits){.files = NULL};
}
