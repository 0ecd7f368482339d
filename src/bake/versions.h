/*
 * What compilers print about themselves, taken apart. Pure.
 */
#ifndef BAKE_VERSIONS_H
#define BAKE_VERSIONS_H

#include <jansson.h>

/* The first word behind prefix on the first line that starts with it; new, or NULL. */
char *versions_find(const char *text, const char *prefix);

/* `rustc -vV` as {version, hash, date}; new, or NULL. */
json_t *versions_rustc(const char *text);

/* `rustfmt 1.8.0-stable (59807616e1 2026-04-14)` as {version, hash, date}; hash and date may be
 * empty; new, or NULL. */
json_t *versions_tool(const char *text);

#endif
