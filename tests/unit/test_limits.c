#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"

static void limits_default_is_within_its_own_bounds(void **state)
{
	struct limits both[] = {limits_default_compile(), limits_default_run()};

	(void)state;
	for (size_t i = 0; i < 2 * LIMIT_FIELDS; i++) {
		const struct limit_row *row = &limit_rows()[i % LIMIT_FIELDS];
		uint64_t value = *limit_field(&both[i / LIMIT_FIELDS], row);
		assert_in_range(value, row->least, row->most);
	}
	assert_int_equal(both[0].memory_bytes, 1 << 30);
	assert_int_equal(both[1].memory_bytes, 512 << 20);
	assert_int_equal(both[1].wall_usec, 10000000);
	assert_int_equal(both[1].cpu_usec, 5000000);
}

static void limit_find_knows_every_row_and_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < LIMIT_FIELDS; i++)
		assert_ptr_equal(limit_find(limit_rows()[i].name), &limit_rows()[i]);
	assert_null(limit_find("walls"));
	assert_null(limit_find(""));
}

static void limits_parse_with_units_gives_the_number(void **state)
{
	struct limits limits = limits_default_run();

	(void)state;
	assert_int_equal(limits_parse(&limits, "wall=2s", NULL), 0);
	assert_int_equal(limits.wall_usec, 2000000);
	assert_int_equal(limits_parse(&limits, "wall=300ms", NULL), 0);
	assert_int_equal(limits.wall_usec, 300000);
	assert_int_equal(limits_parse(&limits, "wall=5000us", NULL), 0);
	assert_int_equal(limits.wall_usec, 5000);
	assert_int_equal(limits_parse(&limits, "wall=2m", NULL), 0);
	assert_int_equal(limits.wall_usec, 120000000);
	assert_int_equal(limits_parse(&limits, "cpu=3", NULL), 0);
	assert_int_equal(limits.cpu_usec, 3000000);
	assert_int_equal(limits_parse(&limits, "memory=64M", NULL), 0);
	assert_int_equal(limits.memory_bytes, 64 << 20);
	assert_int_equal(limits_parse(&limits, "files=100K", NULL), 0);
	assert_int_equal(limits.files_bytes, 100 << 10);
	assert_int_equal(limits_parse(&limits, "memory=1G", NULL), 0);
	assert_int_equal(limits.memory_bytes, 1 << 30);
	assert_int_equal(limits_parse(&limits, "processes=8", NULL), 0);
	assert_int_equal(limits.processes, 8);
}

static void limits_parse_of_nonsense_fails_and_changes_nothing(void **state)
{
	static const char *const wrong[] = {
		"",
		"wall",
		"=2s",
		"wall=",
		"wall=s",
		"wall=-1",
		"wall= 1",
		"wall=+1s",
		"wall=2h",
		"wall=2M",
		"memory=2s",
		"memory=64m",
		"processes=1K",
		"processes=",
		"walls=2s",
		"wall=1s ",
		"wall=1.5s",
		"a-very-long-name-for-a-limit=1",
	};
	const struct limits before = limits_default_run();
	struct limits limits = before;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error err = {0};
		assert_int_equal(limits_parse(&limits, wrong[i], &err), -EINVAL);
		assert_int_equal(err.code, -EINVAL);
		assert_true(strlen(err.text) > 10);
		assert_memory_equal(&limits, &before, sizeof(limits));
	}
}

static void limits_parse_out_of_range_fails_and_names_the_range(void **state)
{
	static const char *const wrong[] = {
		"wall=0",
		"wall=999us",
		"memory=1",
		"wall=99999999999999999999999",
		"processes=0",
		"processes=32769",
		"memory=18446744073709551615G",
	};
	struct limits limits = limits_default_run();

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error err = {0};
		assert_true(limits_parse(&limits, wrong[i], &err) < 0);
		assert_true(strlen(err.text) > 10);
	}
	struct error err = {0};
	limits_parse(&limits, "wall=1us", &err);
	assert_non_null(strstr(err.text, "1000 to 86400000000 microseconds"));
}

static void limits_parse_of_an_unknown_name_lists_all(void **state)
{
	struct limits limits = limits_default_run();
	struct error err = {0};

	(void)state;
	assert_int_equal(limits_parse(&limits, "time=1", &err), -EINVAL);
	for (size_t i = 0; i < LIMIT_FIELDS; i++)
		assert_non_null(strstr(err.text, limit_rows()[i].name));
}

static void limits_clamp_lowers_and_never_raises(void **state)
{
	struct limits ceiling = limits_default_run(), limits = ceiling;

	(void)state;
	limits.wall_usec = ceiling.wall_usec + 1;
	limits.memory_bytes = ceiling.memory_bytes - 1;
	limits.artefact_bytes = UINT64_MAX;
	limits_clamp(&limits, &ceiling);
	assert_int_equal(limits.wall_usec, ceiling.wall_usec);
	assert_int_equal(limits.memory_bytes, ceiling.memory_bytes - 1);
	assert_int_equal(limits.artefact_bytes, ceiling.artefact_bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_default_is_within_its_own_bounds),
		cmocka_unit_test(limit_find_knows_every_row_and_no_other),
		cmocka_unit_test(limits_parse_with_units_gives_the_number),
		cmocka_unit_test(limits_parse_of_nonsense_fails_and_changes_nothing),
		cmocka_unit_test(limits_parse_out_of_range_fails_and_names_the_range),
		cmocka_unit_test(limits_parse_of_an_unknown_name_lists_all),
		cmocka_unit_test(limits_clamp_lowers_and_never_raises),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
