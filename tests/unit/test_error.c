#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

static void error_set_with_errno_appends_its_words(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(error_set(&err, -ENOENT, "image", "cannot open %s", "x"), -ENOENT);
	assert_int_equal(err.code, -ENOENT);
	assert_string_equal(err.step, "image");
	assert_string_equal(err.text, "cannot open x: No such file or directory");
}

static void error_set_plain_keeps_the_text_alone(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(error_set_plain(&err, -EINVAL, "arguments", "%d is odd", 3), -EINVAL);
	assert_string_equal(err.text, "3 is odd");
}

static void error_set_without_a_place_returns_the_code(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, -EIO, "step", "text"), -EIO);
	assert_int_equal(error_set_plain(NULL, -EIO, "step", "text"), -EIO);
}

static void error_set_too_long_is_cut_and_terminated(void **state)
{
	struct error err;
	char text[2 * ERROR_TEXT_MAX], step[2 * ERROR_STEP_MAX];

	(void)state;
	memset(&err, 'x', sizeof(err));
	memset(text, 't', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memset(step, 's', sizeof(step) - 1);
	step[sizeof(step) - 1] = '\0';
	error_set(&err, -EIO, step, "%s", text);
	assert_int_equal(strnlen(err.text, sizeof(err.text)), ERROR_TEXT_MAX - 1);
	assert_int_equal(strnlen(err.step, sizeof(err.step)), ERROR_STEP_MAX - 1);
}

static void error_set_with_an_unknown_errno_says_so(void **state)
{
	struct error err = {0};

	(void)state;
	error_set(&err, -4000, "step", "it failed");
	assert_string_equal(err.text, "it failed: unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_set_with_errno_appends_its_words),
		cmocka_unit_test(error_set_plain_keeps_the_text_alone),
		cmocka_unit_test(error_set_without_a_place_returns_the_code),
		cmocka_unit_test(error_set_too_long_is_cut_and_terminated),
		cmocka_unit_test(error_set_with_an_unknown_errno_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
