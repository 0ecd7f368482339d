/*
 * Strict reading of JSON files: an unknown key, a wrong type or a missing field is refused with the
 * file, the path in it and what is allowed. Runs in `sandlot bake`, over files of the project or
 * the operator.
 */
#ifndef BAKE_JSON_H
#define BAKE_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

enum json_shape {
	JSON_SHAPE_TEXT,
	JSON_SHAPE_NUMBER, /* an integer, zero or above */
	JSON_SHAPE_BOOLEAN,
	JSON_SHAPE_TEXTS,    /* an array of texts */
	JSON_SHAPE_TEXT_MAP, /* an object whose values are texts */
	JSON_SHAPE_ARRAY,
	JSON_SHAPE_OBJECT,
	JSON_SHAPE_ANY, /* the caller checks */
};

/* One key an object may have. */
struct json_field {
	const char *name;
	enum json_shape shape;
	int optional;
};

/* Where a value stands: for messages. Both are borrowed. */
struct json_place {
	const char *file;
	const char *path; /* e.g. "language.options.mode"; "" for the whole file */
};

enum { JSON_FILE_MAX = 4 << 20 };

/* Reads a file whose top is an object; duplicate keys are refused. ret_value: new reference. */
int json_read_file(const char *path, json_t **ret_value, struct error *err);

/* Checks that value is an object with these fields and no others. Returns 0, or -EINVAL with a
 * text. */
int json_check_object(const json_t *value, const struct json_field *fields, size_t count,
		      struct json_place place, struct error *err);

/* One kind of object, told by the text of one of its fields. */
struct json_kind {
	const char *name;
	const struct json_field *fields; /* the one that tells the kind is among them */
	size_t field_count;
};

/* Checks that value is an object whose field `key` names one of the kinds (a NULL name ends them),
 * and that it has that kind's fields. */
int json_check_kind(const json_t *value, const char *key, const struct json_kind *kinds,
		    struct json_place place, struct error *err);

/* Checks one value's shape; name: its key, or NULL when place.path already names it. */
int json_check_shape(const json_t *value, enum json_shape shape, const char *name,
		     struct json_place place, struct error *err);

/* The failure "FILE: PATH.NAME REASON". name may be NULL. Returns -EINVAL. */
int json_refuse(struct json_place place, const char *name, struct error *err, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/* Checks "schema": it must be there and be this number. */
int json_check_schema(const json_t *value, int schema, struct json_place place, struct error *err);

/* A text field that json_check_object() has seen, or NULL when it is absent. Borrowed. */
const char *json_text(const json_t *object, const char *name);

/* Writes value to path, indented, with a line end, mode 0644. */
int json_write_file(const char *path, const json_t *value, struct error *err);

/* The same, with each object or array that has none within it on one line, if that is not too long:
 * so that a difference between two versions of a file is a line for each thing that differs. */
int json_write_rows(const char *path, const json_t *value, struct error *err);

#endif
