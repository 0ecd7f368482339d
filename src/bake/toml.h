/*
 * Reads TOML 1.0 (toml.io/en/v1.0.0) as cargo and cargo-vet write it into JSON values: tables and
 * inline tables are objects, arrays of tables arrays. Dates, the floats inf and nan, numbers that
 * are not decimal and NUL are refused, as are keys given twice and tables opened twice. Pure, but
 * for memory.
 */
#ifndef BAKE_TOML_H
#define BAKE_TOML_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

enum {
	TOML_BYTES_MAX = 4 << 20,
	TOML_KEY_MAX = 4096, /* bytes of one part of a key, with its NUL */
	TOML_DEPTH_MAX = 32  /* of tables in tables, values in values */
};

/*
 * text: len bytes. file: for messages. ret_top: a new object. Returns 0; -EINVAL with "FILE:LINE:
 * reason"; -EFBIG; -ENOMEM.
 */
int toml_parse(const char *text, size_t len, const char *file, json_t **ret_top, struct error *err);

#endif
