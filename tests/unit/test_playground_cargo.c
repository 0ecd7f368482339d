#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/playground_cargo.h"

static const struct cargo_build bin = {.is_bin = 1};

static void check(const struct cargo_build *build, const char *rustc, int success, int will_run,
		  uint64_t usec, const char *wanted)
{
	char *text;
	size_t len;

	assert_int_equal(cargo_after_compile(build, rustc, strlen(rustc), success, will_run, usec,
					     &text, &len),
			 0);
	assert_string_equal(text, wanted);
	assert_int_equal(len, strlen(wanted));
	free(text);
}

static void cargo_after_compile_clean_build_finishes_and_runs(void **state)
{
	const struct cargo_build release = {.is_bin = 1, .release = 1};
	const struct cargo_build tests = {.is_bin = 1, .tests = 1};
	const struct cargo_build lib_tests = {.tests = 1, .release = 1};

	(void)state;
	check(&bin, "", 1, 1, 50000,
	      "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.05s\n"
	      "     Running `target/debug/playground`\n");
	check(&bin, "", 1, 0, 1234567,
	      "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 1.23s\n");
	check(&release, "", 1, 1, UINT64_C(65000000),
	      "    Finished `release` profile [optimized] target(s) in 1m 05s\n"
	      "     Running `target/release/playground`\n");
	check(&tests, "", 1, 1, 0,
	      "    Finished `test` profile [unoptimized + debuginfo] target(s) in 0.00s\n"
	      "     Running unittests src/main.rs (target/debug/playground)\n");
	check(&lib_tests, "", 1, 1, 0,
	      "    Finished `release` profile [optimized] target(s) in 0.00s\n"
	      "     Running unittests src/lib.rs (target/release/playground)\n");
}

static void cargo_after_compile_warnings_are_counted(void **state)
{
	const struct cargo_build lib = {0};

	(void)state;
	check(&bin, "warning: unused\n --> x\n\nwarning: 1 warning emitted\n\n", 1, 0, 0,
	      "warning: unused\n --> x\n\n"
	      "warning: `playground` (bin \"playground\") generated 1 warning\n"
	      "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.00s\n");
	check(&lib, "warning: 12 warnings emitted\n\n", 1, 0, 0,
	      "warning: `playground` (lib) generated 12 warnings\n"
	      "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.00s\n");
}

static void cargo_after_compile_errors_are_counted(void **state)
{
	const struct cargo_build tests = {.is_bin = 1, .tests = 1};

	(void)state;
	check(&bin,
	      "error[E0308]: mismatched\n\nerror: aborting due to 1 previous error; 2 warnings "
	      "emitted\n\nFor more information about this error, try `rustc --explain E0308`.\n",
	      0, 0, 0,
	      "error[E0308]: mismatched\n\n"
	      "For more information about this error, try `rustc --explain E0308`.\n"
	      "warning: `playground` (bin \"playground\") generated 2 warnings\n"
	      "error: could not compile `playground` (bin \"playground\") due to 1 previous error; "
	      "2 warnings emitted\n");
	check(&tests, "error: x\n\nerror: aborting due to 3 previous errors\n\n", 0, 0, 0,
	      "error: x\n\nerror: could not compile `playground` (bin \"playground\" test) due to "
	      "3 "
	      "previous errors\n");
	/* As older compilers say it; and none at all, as when the compiler was killed. */
	check(&bin, "error: aborting due to previous error\n\n", 0, 0, 0,
	      "error: could not compile `playground` (bin \"playground\") due to 1 previous "
	      "error\n");
	check(&bin, "half a li", 0, 0, 0,
	      "half a li\nerror: could not compile `playground` (bin \"playground\")\n");
}

static void cargo_after_compile_visitors_words_stay(void **state)
{
	(void)state;
	check(&bin,
	      "error: aborting due to 7 previous errors\n --> src/main.rs:1:1\n\n"
	      "error: aborting due to 1 previous error\n\n",
	      0, 0, 0,
	      "error: aborting due to 7 previous errors\n --> src/main.rs:1:1\n\n"
	      "error: could not compile `playground` (bin \"playground\") due to 1 previous "
	      "error\n");
	check(&bin, "warning: 5 warnings emitted today\n\nerror: aborting due to nothing\n\n", 1, 0,
	      0,
	      "warning: 5 warnings emitted today\n\nerror: aborting due to nothing\n\n"
	      "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.00s\n");
}

static void cargo_after_run_only_failed_tests_say_more(void **state)
{
	const struct cargo_build tests = {.is_bin = 1, .tests = 1}, lib = {.tests = 1};

	(void)state;
	assert_string_equal(cargo_after_run(&bin, 0), "");
	assert_string_equal(cargo_after_run(&tests, 1), "");
	assert_string_equal(cargo_after_run(&tests, 0),
			    "error: test failed, to rerun pass `--bin playground`\n");
	assert_string_equal(cargo_after_run(&lib, 0),
			    "error: test failed, to rerun pass `--lib`\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cargo_after_compile_clean_build_finishes_and_runs),
		cmocka_unit_test(cargo_after_compile_warnings_are_counted),
		cmocka_unit_test(cargo_after_compile_errors_are_counted),
		cmocka_unit_test(cargo_after_compile_visitors_words_stay),
		cmocka_unit_test(cargo_after_run_only_failed_tests_say_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
