/*
 * Templates of a manifest: `{name}` stands for a value, `{{` and `}}` for braces. Runs in the front
 * end, when an image's manifest is checked and for every request. Pure.
 */
#ifndef FRONT_TEMPLATE_H
#define FRONT_TEMPLATE_H

#include <stddef.h>

#include "base/error.h"

enum { TEMPLATE_NAME_MAX = 32 };

/* Returns the value of name (NUL-terminated), borrowed, or NULL when there is none of this name. */
typedef const char *template_lookup(const void *context, const char *name);

/*
 * Fills template. ret_text: new, free() it. Returns 0, -EINVAL with a text that names what is wrong
 * (an unknown name, a lone brace), or -ENOMEM.
 */
int template_fill(const char *template, template_lookup *lookup, const void *context,
		  char **ret_text, struct error *err);

#endif
