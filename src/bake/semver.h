/*
 * Versions of crates (semver.org 2.0.0) and cargo's requirements for them ("^1.2", ">=1, <1.5").
 * Pure.
 */
#ifndef BAKE_SEMVER_H
#define BAKE_SEMVER_H

#include <stddef.h>
#include <stdint.h>

enum { SEMVER_TEXT_MAX = 128 };

struct semver {
	uint64_t numbers[3];	     /* major, minor, patch */
	char pre[SEMVER_TEXT_MAX];   /* "alpha.1", or empty */
	char build[SEMVER_TEXT_MAX]; /* behind the +; no part of the order */
};

/* Reads a whole version: three numbers, perhaps -PRE and +BUILD. Returns 0 or -EINVAL. */
int semver_parse(const char *text, struct semver *ret_version);

/* Returns below, at or above 0 as a comes before, is equal in order to or comes after b. */
int semver_compare(const struct semver *a, const struct semver *b);

/*
 * Does the requirement cover the version? Operators ^ (the default) ~ = < <= > >=, * for numbers,
 * several joined by commas. Unlike cargo, a pre-release is covered when its place in the order is:
 * what is said of versions is better said of too many. Returns 1, 0, or -EINVAL when it is no
 * requirement.
 */
int semver_matches(const char *requirement, const struct semver *version);

#endif
