#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/semver_range.h"

static struct semver version_of(const char *text)
{
	struct semver version;

	assert_int_equal(semver_coerce(text, &version), 0);
	return version;
}

static void semver_coerce_finds_the_version(void **state)
{
	static const char *const rows[][2] = {
		{"1.95.0", "1.95.0"},
		{"12.2.0", "12.2.0"},
		{"go1.19", "1.19.0"},
		{"v20.11.1", "20.11.1"},
		{"17", "17.0.0"},
		{"1.97.0-nightly", "1.97.0-nightly"},
		{"17.0.9+9", "17.0.9"},
		{"5.36.0.1", "5.36.0"},
		{"9.0.4 (build 3)", "9.0.4"},
	};
	struct semver version;
	char text[SEMVER_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		version = version_of(rows[i][0]);
		semver_format(&version, text);
		assert_string_equal(text, rows[i][1]);
	}
	assert_int_equal(semver_coerce("stable", &version), -EINVAL);
	assert_int_equal(semver_coerce("", &version), -EINVAL);
	assert_int_equal(semver_coerce("99999999999999999999999.0.0", &version), -EINVAL);
}

/* In the order of semver.org, 11. */
static void semver_compare_orders_as_written(void **state)
{
	static const char *const order[] = {
		"0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
		"1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
		"1.0.0",      "1.0.1",	      "1.2.0",	       "1.10.0",
		"2.0.0",
	};
	const size_t count = sizeof(order) / sizeof(order[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			struct semver a = version_of(order[i]), b = version_of(order[j]);
			int r = semver_compare(&a, &b);
			assert_int_equal((r > 0) - (r < 0), (i > j) - (i < j));
		}
}

static void semver_in_range_follows_the_rules(void **state)
{
	/* range, versions in it, versions not in it */
	static const char *const rows[][3] = {
		{"*", "0.0.1 1.2.3 99.0.0", "1.0.0-nightly"},
		{"", "1.2.3", "1.2.3-a"},
		{"x", "1.2.3", "1.2.3-a"},
		{"1.2.3", "1.2.3", "1.2.4 1.2.2 1.2.3-a"},
		{"=1.2.3", "1.2.3", "1.2.4"},
		{"v1.2.3", "1.2.3", "1.2.4"},
		{"1.2.3-a", "1.2.3-a", "1.2.3 1.2.3-b"},
		{"1", "1.0.0 1.99.9", "0.9.9 2.0.0"},
		{"1.x", "1.0.0 1.99.9", "0.9.9 2.0.0"},
		{"1.2", "1.2.0 1.2.9", "1.1.9 1.3.0"},
		{"1.2.*", "1.2.0 1.2.9", "1.1.9 1.3.0"},
		{"1.*.3", "1.0.0 1.9.9", "2.0.3"},
		{"^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0"},
		{"^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.0.0"},
		{"^0.0.3", "0.0.3", "0.0.2 0.0.4"},
		{"^0.0", "0.0.0 0.0.9", "0.1.0"},
		{"^0", "0.0.0 0.9.9", "1.0.0"},
		{"^1.x", "1.0.0 1.9.9", "2.0.0 0.9.0"},
		{"~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"},
		{"~1.2", "1.2.0 1.2.9", "1.3.0"},
		{"~1", "1.0.0 1.9.9", "2.0.0"},
		{"~> 1.2.3", "1.2.3", "1.3.0"},
		{">1.2.3", "1.2.4 2.0.0", "1.2.3 1.0.0"},
		{">1.2", "1.3.0 2.0.0", "1.2.9"},
		{">=1.2", "1.2.0 3.0.0", "1.1.9"},
		{">= 1.2.3", "1.2.3", "1.2.2"},
		{"<2", "1.9.9 0.0.0", "2.0.0"},
		{"<=1.2", "1.2.9 0.1.0", "1.3.0"},
		{"<=1.2.3", "1.2.3", "1.2.4"},
		{">*", "", "0.0.0 1.2.3"},
		{">=*", "0.0.0", ""},
		{">=1.2.3 <2.0.0", "1.2.3 1.9.9", "2.0.0 1.2.2"},
		{"1.2.3 - 2.3.4", "1.2.3 2.3.4", "1.2.2 2.3.5"},
		{"1.2 - 2", "1.2.0 2.9.9", "1.1.9 3.0.0"},
		{"1 || 3", "1.5.0 3.1.0", "2.0.0 4.0.0"},
		{"1.2.3||>=4 <5", "1.2.3 4.9.9", "1.2.4 5.0.0"},
		{">=1.97.0-a", "1.97.0-nightly 1.97.0 2.0.0", "1.96.0 2.0.0-a"},
		{"^1.2.3-beta", "1.2.3-beta 1.2.3-gamma 1.3.0", "1.3.0-beta 1.2.3-alpha"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int want = 1; want >= 0; want--) {
			char list[128], *rest = list, *word;
			snprintf(list, sizeof(list), "%s", rows[i][2 - want]);
			while ((word = strsep(&rest, " ")) != NULL) {
				if (!*word)
					continue;
				struct semver version = version_of(word);
				if (semver_in_range(&version, rows[i][0]) != want)
					fail_msg("%s %s", rows[i][0], word);
			}
		}
}

static void semver_in_range_what_is_none_is_refused(void **state)
{
	static const char *const wrong[] = {
		"latest", "1.2.3.4", "1..2", "1.2.3-",	">",	"^",	"1,2",
		"|",	  "1 |2",    "-1",   "1.2.3 -", "1 - ", "\xff", "99999999999999999999"};
	struct semver version = version_of("1.2.3");

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (semver_in_range(&version, wrong[i]) != -EINVAL)
			fail_msg("%s", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(semver_coerce_finds_the_version),
		cmocka_unit_test(semver_compare_orders_as_written),
		cmocka_unit_test(semver_in_range_follows_the_rules),
		cmocka_unit_test(semver_in_range_what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
