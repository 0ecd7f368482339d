/*
 * Debian packages: the set of names that is wanted, and the record of what came: name, version,
 * architecture and SHA-256 of every .deb, in packages.json beside the layer's root/.
 */
#ifndef BAKE_PACKAGES_H
#define BAKE_PACKAGES_H

#include <jansson.h>
#include <stddef.h>

#include "bake/progress.h"
#include "base/error.h"

/* Names, each once. Borrowed from the JSON they came from. Zero-initialise. */
struct packages_set {
	const char **names;
	size_t count;
};

/* Adds an array of texts. Returns 0, -ENOMEM, or -EINVAL for what is no package's name. */
int packages_set_add(struct packages_set *set, const json_t *names);

/* Writes the names, sorted, comma-separated. Returns 0 or -E2BIG. */
int packages_set_join(struct packages_set *set, char *ret_text, size_t size);

void packages_set_fini(struct packages_set *set);

/*
 * What "NAME_VERSION_ARCHITECTURE.deb" says (the colon of an epoch is written %3a). Returns a new
 * object with name, version and architecture, or NULL when it is no such name. Pure.
 */
json_t *packages_parse_name(const char *file);

/* Hashes the .deb files mmdebstrap left in folder/root and writes folder/packages.json. */
int packages_record(const char *folder, struct progress *progress, struct error *err);

#endif
