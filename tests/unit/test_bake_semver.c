/* Versions and requirements, as cargo reads them. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "bake/semver.h"

static struct semver version(const char *text)
{
	struct semver parsed;

	if (semver_parse(text, &parsed) < 0)
		fail_msg("no version: %s", text);
	return parsed;
}

static void semver_parse_versions_are_taken_and_others_refused(void **state)
{
	static const char *const good[] = {"0.0.0",
					   "1.2.3",
					   "1.0.0-alpha.1",
					   "1.0.0+build.5",
					   "0.11.1+wasi-snapshot-preview1",
					   "1.0.0-x-y.0+a"};
	static const char *const bad[] = {"",	    "1",      "1.2",	    "1.2.3.4", "1.2.x",
					  "01.2.3", "1.2.3-", "1.2.3-a..b", "1.2.3+",  "v1.2.3",
					  "1.2.3 ", "1.2.-3", "1.2.3-a_b"};
	struct semver parsed;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		version(good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (semver_parse(bad[i], &parsed) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
}

/* The example of semver.org, chapter 11, and numbers. */
static void semver_compare_order_is_semvers(void **state)
{
	static const char *const rising[] = {
		"0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
		"1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
		"1.0.0",      "1.0.1",	      "1.2.0",	       "1.10.0",
		"2.0.0",
	};
	const size_t count = sizeof(rising) / sizeof(rising[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++) {
			struct semver a = version(rising[i]), b = version(rising[k]);
			int order = semver_compare(&a, &b);
			if ((order > 0) - (order < 0) != (i > k) - (i < k))
				fail_msg("%s against %s: %d", rising[i], rising[k], order);
		}
	struct semver a = version("1.0.0+a"), b = version("1.0.0+b");
	assert_int_equal(semver_compare(&a, &b), 0);
}

static void semver_matches_each_operator_covers_its_range(void **state)
{
	static const struct {
		const char *requirement, *covered, *not_covered;
	} rows[] = {
		{"1.2.3", "1.9.0", "2.0.0"},	   {"^1.2.3", "1.2.3", "1.2.2"},
		{"^0.2.3", "0.2.9", "0.3.0"},	   {"^0.0.3", "0.0.3", "0.0.4"},
		{"^0.0", "0.0.9", "0.1.0"},	   {"^0", "0.9.0", "1.0.0"},
		{"^1", "1.99.0", "2.0.0-alpha"},   {"~1.2.3", "1.2.9", "1.3.0"},
		{"~1.2", "1.2.0", "1.3.0"},	   {"~1", "1.9.0", "2.0.0"},
		{"=1.2.3", "1.2.3", "1.2.4"},	   {"=1.2", "1.2.7", "1.3.0"},
		{"<1.2.3", "1.2.2", "1.2.3"},	   {"<1.2.3", "1.2.3-rc.1", "1.2.3"},
		{"<=1.2.3", "1.2.3", "1.2.4"},	   {"<=1.2", "1.2.9", "1.3.0"},
		{">1.2.3", "1.2.4", "1.2.3"},	   {">1.2", "1.3.0", "1.2.9"},
		{">=1.2.3", "1.2.3", "1.2.2"},	   {">= 1.2, < 1.5", "1.4.9", "1.5.0"},
		{">=1.2, <1.5", "1.2.0", "1.1.9"}, {"1.2.*", "1.2.9", "1.3.0"},
		{"1.*", "1.9.0", "2.0.0"},
	};
	struct semver any = version("7.7.7-pre");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct semver in = version(rows[i].covered), out = version(rows[i].not_covered);
		if (semver_matches(rows[i].requirement, &in) != 1)
			fail_msg("%s does not cover %s", rows[i].requirement, rows[i].covered);
		if (semver_matches(rows[i].requirement, &out) != 0)
			fail_msg("%s covers %s", rows[i].requirement, rows[i].not_covered);
	}
	assert_int_equal(semver_matches("*", &any), 1);
}

static void semver_matches_what_is_no_requirement_is_refused(void **state)
{
	static const char *const bad[] = {"",	 "a",	 "1.2.3.", "1.2.3.4", "=>1", "<<1",
					  "1 2", ">=1,", "1.*.2",  "^",	      ",1",  "1.2.3-"};
	struct semver any = version("1.0.0");

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (semver_matches(bad[i], &any) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(semver_parse_versions_are_taken_and_others_refused),
		cmocka_unit_test(semver_compare_order_is_semvers),
		cmocka_unit_test(semver_matches_each_operator_covers_its_range),
		cmocka_unit_test(semver_matches_what_is_no_requirement_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
