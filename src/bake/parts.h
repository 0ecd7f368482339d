/*
 * The file `parts` in an image's folder: which parts of this machine's cache (layers, sources) the
 * image was made from, so that those which no image needs can be told. One path below the cache in
 * a line, such as "layers/debian-…". No document of the image: it is neither signed nor exported,
 * for it means something here alone.
 */
#ifndef BAKE_PARTS_H
#define BAKE_PARTS_H

#include "base/error.h"

#define PARTS_FILE "parts"

/* The parts as text, each ended by a newline. Zero-initialise. */
struct parts {
	char *text; /* owned; NULL: none */
};

/* Adds a part. path: below cache. Returns 0 or -ENOMEM. */
int parts_add(struct parts *parts, const char *cache, const char *path, struct error *err);

/* Writes the file into an image's folder. Returns 0 or a negative errno. */
int parts_write(const struct parts *parts, const char *image, struct error *err);

/*
 * Reads it; parts_fini() the result. Returns 0, or a negative errno with a text: -ENOENT when the
 * image has none, -EINVAL when a line is no path below the cache.
 */
int parts_read(const char *image, struct parts *ret_parts, struct error *err);

/*
 * Walks the parts: at: NULL at first, then what the last call returned. Returns a line (up to its
 * newline) and its length, or NULL at the end. Borrowed.
 */
const char *parts_next(const struct parts *parts, const char *at, int *ret_len);

void parts_fini(struct parts *parts);

#endif
