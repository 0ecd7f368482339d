/*
 * Versions (semver.org, 2.0.0) and the ranges of them that npm's clients write: `*`, `1.2`, `1.x`,
 * `^1.2.3`, `~1.2`, `>=1 <3`, `1.2 - 2.3`, `1 || 3`. A version with a pre-release is in a range
 * only when the range names a pre-release of the same three numbers. Pure.
 */
#ifndef FRONT_SEMVER_RANGE_H
#define FRONT_SEMVER_RANGE_H

#include <stddef.h>
#include <stdint.h>

enum { SEMVER_PARTS = 3, SEMVER_PRE_SIZE = 48, SEMVER_TEXT_SIZE = 112 };

struct semver {
	uint64_t parts[SEMVER_PARTS];
	char pre[SEMVER_PRE_SIZE]; /* after the hyphen, or empty */
};

/*
 * Makes a version of what a tool calls itself: from the first digit on, parts that are missing are
 * 0, what follows a version is left out ("go1.19" is 1.19.0). Returns 0, or -EINVAL when there is
 * no digit or a number is too large.
 */
int semver_coerce(const char *text, struct semver *ret_version);

/* "1.2.3-pre". */
void semver_format(const struct semver *version, char ret_text[SEMVER_TEXT_SIZE]);

/* Below 0, 0 or above 0, as a stands before, with or after b. */
int semver_compare(const struct semver *a, const struct semver *b);

/* Is the version in the range? Returns 1, 0, or -EINVAL when it is no range. */
int semver_in_range(const struct semver *version, const char *range);

#endif
