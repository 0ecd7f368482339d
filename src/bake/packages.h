/*
 * Debian packages as JSON. A name list is a sorted array of texts; a package list an array, sorted
 * by name, of {name, version, architecture, sha256}, as packages.json and locks have them. Pure,
 * but for packages_record().
 */
#ifndef BAKE_PACKAGES_H
#define BAKE_PACKAGES_H

#include <jansson.h>

#include "bake/json.h"
#include "base/error.h"

/* Is it a package's name (Debian policy, 5.6.1)? Returns 1 or 0. */
int packages_is_name(const char *name);

/* Adds names to a name list, each once. more: an array of texts, or NULL. Returns 0, -ENOMEM, or
 * -EINVAL for what is no package's name. */
int packages_add_names(json_t *names, const json_t *more);

/* Adds one package, by reference. Returns 0, -EEXIST when there is one of that name, -ENOMEM. */
int packages_add(json_t *list, json_t *package);

/* The package of that name, or NULL. Borrowed. */
json_t *packages_find(const json_t *list, const char *name);

/* Are two packages the same in all four values? Returns 1 or 0. */
int packages_are_same(const json_t *a, const json_t *b);

/* Checks a name list resp. a package list that was read from a file; place: of the list itself. */
int packages_check_names(const json_t *names, struct json_place place, struct error *err);
int packages_check(const json_t *list, struct json_place place, struct error *err);

/*
 * What "NAME_VERSION_ARCHITECTURE.deb" says (the colon of an epoch is written %3a). Returns a new
 * object with name, version and architecture, or NULL when it is no such name.
 */
json_t *packages_parse_name(const char *file);

/* Writes folder/packages.json. */
int packages_record(const char *folder, json_t *list, struct error *err);

#endif
