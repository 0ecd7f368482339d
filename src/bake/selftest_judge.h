/*
 * What a self-test must show (docs/baking.md, "checks"), and whether it did. Pure.
 */
#ifndef BAKE_SELFTEST_JUDGE_H
#define BAKE_SELFTEST_JUDGE_H

#include <jansson.h>

#include "bake/cell.h"
#include "bake/json.h"

enum { SELFTEST_WHY_SIZE = 256, SELFTEST_LIMITS_MAX = 4 };

/* The fields of a check, of a recipe: what selftest_judge() looks at is among them. */
extern const struct json_field selftest_fields[];
extern const size_t selftest_field_count;

/*
 * Checks what the fields' shapes do not tell: that there is one program, that step, outcome, signal
 * and limits are such. language: of the recipe. Returns 0, or -EINVAL with a text.
 */
int selftest_check(const json_t *check, const json_t *language, struct json_place place,
		   struct error *err);

/* What came of a test. Borrowed. */
struct selftest_seen {
	struct cell_end end;
	const char *out;    /* all of stdout */
	const char *errors; /* the last of stderr */
};

/* Is it as expected? Returns 1, or 0 with why it is not: the first difference. */
int selftest_judge(const json_t *expected, const struct selftest_seen *seen,
		   char ret_why[SELFTEST_WHY_SIZE]);

#endif
