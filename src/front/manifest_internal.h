/* The manifest's inside, shared by reading (manifest.c, manifest_check*.c) and planning
 * (manifest_choose.c, manifest_plan.c). */
#ifndef FRONT_MANIFEST_INTERNAL_H
#define FRONT_MANIFEST_INTERNAL_H

#include <stdatomic.h>
#include <string.h>

#include "front/manifest.h"

struct manifest {
	atomic_uint refs;
	uint64_t generation;
	json_t *root;
};

/* Checks a whole document. Returns 0, or -EINVAL with the path of what is wrong. */
int manifest_check(const json_t *root, struct error *err);

/* The member as text, or NULL. Borrowed. */
static inline const char *manifest_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Is text equal to value, or to one of its members when it is an array? */
static inline int manifest_text_among(const json_t *value, const char *text)
{
	size_t i;
	const json_t *member;

	if (json_is_string(value))
		return strcmp(json_string_value(value), text) == 0;
	json_array_foreach (value, i, member)
		if (strcmp(json_string_value(member), text) == 0)
			return 1;
	return 0;
}

#endif
