/*
 * The manifest of a channel of Rust's official distribution (channel-rust-NAME.toml, version 2):
 * which archives the wanted components are for this machine. It is signed, and all the same read by
 * a confined child alone.
 */
#ifndef BAKE_DIST_MANIFEST_H
#define BAKE_DIST_MANIFEST_H

#include <jansson.h>
#include <stddef.h>

#include "bake/cache.h"
#include "base/error.h"
#include "image/digest.h"

enum {
	DIST_COMPONENTS_MAX = 16,
	DIST_TEXT_SIZE = 64,
	DIST_PATH_SIZE = 256,
	DIST_MANIFEST_MAX = 4 << 20, /* bytes */
};

struct dist_component {
	char name[DIST_TEXT_SIZE];
	char path[DIST_PATH_SIZE]; /* below the distribution's address: "2025-05-15/NAME.tar.xz" */
	char top[DIST_PATH_SIZE];  /* the archive's one folder */
	char sha256[DIGEST_HEX_SIZE];
};

struct dist_manifest {
	char date[DIST_TEXT_SIZE];    /* "YYYY-MM-DD" */
	char version[DIST_TEXT_SIZE]; /* rustc's; "" when it says none */
	size_t component_count;
	struct dist_component components[DIST_COMPONENTS_MAX]; /* as wanted */
};

/*
 * Pure. wanted: array of names, or NULL for none. target: such as "x86_64-unknown-linux-gnu".
 * Returns 0; -EINVAL with a text when it is not such a manifest; -ENOENT when a component is not in
 * it.
 */
int dist_manifest_parse(const char *text, size_t len, const char *target, const json_t *wanted,
			struct dist_manifest *ret_manifest, struct error *err);

/* Reads a file, in a confined child. name: for messages. Likewise. */
int dist_manifest_read(struct cache *cache, const char *path, const char *name, const char *target,
		       const json_t *wanted, struct dist_manifest *ret_manifest, struct error *err);

#endif
