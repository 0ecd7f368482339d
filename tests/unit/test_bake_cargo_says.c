#include "unit.h"

#include <string.h>

#include "bake/cargo_says.h"

static void assert_said(const char *line, enum cargo_event event, const char *crate)
{
	struct cargo_said said;

	cargo_says(line, &said);
	assert_int_equal(said.event, event);
	assert_string_equal(said.crate, crate);
}

static void cargo_says_crates_are_named_without_their_folder(void **state)
{
	(void)state;
	assert_said("   Compiling serde v1.0.1", CARGO_SAYS_BEGUN, "serde 1.0.1");
	assert_said("   Compiling vvv v0.1.0-v (/playground/in)", CARGO_SAYS_BEGUN, "vvv 0.1.0-v");
	assert_said("  Downloaded toml v1.2.1+spec-1.1.0", CARGO_SAYS_DOWNLOADED,
		    "toml 1.2.1+spec-1.1.0");
}

static void cargo_says_failures_name_their_crate(void **state)
{
	(void)state;
	assert_said("error: failed to run custom build command for `evil v0.1.0`",
		    CARGO_SAYS_BUILD_SCRIPT, "evil 0.1.0");
	assert_said("error: could not compile `evil` (lib) due to 1 previous error",
		    CARGO_SAYS_NOT_COMPILED, "evil");
}

static void cargo_says_count_is_read(void **state)
{
	struct cargo_said said;

	(void)state;
	cargo_says("     Crates 260", &said);
	assert_int_equal(said.event, CARGO_SAYS_COUNT);
	assert_int_equal(said.count, 260);
}

static void cargo_says_other_lines_say_nothing(void **state)
{
	(void)state;
	assert_said("", CARGO_SAYS_ELSE, "");
	assert_said("warning: unused import", CARGO_SAYS_ELSE, "");
	assert_said("Compiling serde v1.0.1", CARGO_SAYS_ELSE, "");
}

static void cargo_says_long_and_odd_names_are_bounded(void **state)
{
	char line[CARGO_SAYS_SIZE * 3] = "   Compiling ";
	struct cargo_said said;

	(void)state;
	memset(line + strlen(line), 'a', sizeof(line) - strlen(line) - 1);
	cargo_says(line, &said);
	assert_int_equal(strlen(said.crate), CARGO_SAYS_SIZE - 1);
	assert_said("   Compiling a\033[2J v1", CARGO_SAYS_BEGUN, "a?[2J 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cargo_says_crates_are_named_without_their_folder),
		cmocka_unit_test(cargo_says_failures_name_their_crate),
		cmocka_unit_test(cargo_says_count_is_read),
		cmocka_unit_test(cargo_says_other_lines_say_nothing),
		cmocka_unit_test(cargo_says_long_and_odd_names_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
