/*
 * JSON from outside, read strictly: one object, no duplicate keys, valid UTF-8, typed fields. Every
 * message names the field, what is wrong with it and what is allowed. Runs in the front end, the
 * only process that parses JSON. Pure.
 *
 * where: the path of the object that holds a field, for messages: "" or "limits.run".
 */
#ifndef FRONT_JSON_READ_H
#define FRONT_JSON_READ_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum json_need { JSON_OPTIONAL, JSON_REQUIRED };

/*
 * Parses a body that must be one object. ret_object: new reference. Returns 0, or -EINVAL with
 * line, column and fault.
 */
int json_read_object(const char *data, size_t len, json_t **ret_object, struct error *err);

/*
 * Getters: return 1 and the value, 0 when an optional field is absent or null (ret untouched), or
 * -EINVAL. What they return is borrowed from the object.
 */

/* A text without NUL. */
int json_get_text(const json_t *object, const char *where, const char *key, enum json_need need,
		  const char **ret_text, struct error *err);
/* A text that may carry NULs: source code, stdin. */
int json_get_bytes(const json_t *object, const char *where, const char *key, enum json_need need,
		   const char **ret_bytes, size_t *ret_len, struct error *err);
int json_get_bool(const json_t *object, const char *where, const char *key, enum json_need need,
		  int *ret_value, struct error *err);
/* A whole number of at least least. */
int json_get_u64(const json_t *object, const char *where, const char *key, enum json_need need,
		 uint64_t least, uint64_t *ret_value, struct error *err);
int json_get_array(const json_t *object, const char *where, const char *key, enum json_need need,
		   size_t most, const json_t **ret_array, struct error *err);
int json_get_object(const json_t *object, const char *where, const char *key, enum json_need need,
		    const json_t **ret_object, struct error *err);

/* known: NULL-terminated. Returns 0, or -EINVAL naming the first key that is not known, and those
 * that are. */
int json_check_keys(const json_t *object, const char *where, const char *const *known,
		    struct error *err);

/* "a text", "a number", …: what a value is, for messages. Static. */
const char *json_kind(const json_t *value);

#endif
