#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/template.h"

static const char *lookup(const void *context, const char *name)
{
	(void)context;
	if (strcmp(name, "mode") == 0)
		return "release";
	if (strcmp(name, "brace") == 0)
		return "{mode}";
	return strcmp(name, "empty") == 0 ? "" : NULL;
}

static void check(const char *template, const char *expected)
{
	char *text = NULL;
	struct error err;

	assert_int_equal(template_fill(template, lookup, NULL, &text, &err), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void check_refused(const char *template, const char *why)
{
	char *text = NULL;
	struct error err = {0};

	assert_int_equal(template_fill(template, lookup, NULL, &text, &err), -EINVAL);
	assert_null(text);
	assert_non_null(strstr(err.text, why));
}

static void template_fill_plain_text_is_kept(void **state)
{
	(void)state;
	check("", "");
	check("plain text", "plain text");
	check("\xc3\xa9", "\xc3\xa9");
}

static void template_fill_names_are_replaced(void **state)
{
	(void)state;
	check("{mode}", "release");
	check("a{mode}b{empty}c{mode}", "areleasebcrelease");
}

static void template_fill_values_are_not_filled_again(void **state)
{
	(void)state;
	check("{brace}", "{mode}");
}

static void template_fill_doubled_braces_are_braces(void **state)
{
	(void)state;
	check("{{", "{");
	check("}}", "}");
	check("{{mode}}", "{mode}");
	check("{{{mode}}}", "{release}");
}

static void template_fill_long_text_grows(void **state)
{
	char template[1200] = "", expected[1200] = "";

	(void)state;
	for (int i = 0; i < 100; i++) {
		strncat(template, "{mode}", sizeof(template) - strlen(template) - 1);
		strncat(expected, "release", sizeof(expected) - strlen(expected) - 1);
	}
	check(template, expected);
}

static void template_fill_faults_are_named(void **state)
{
	(void)state;
	check_refused("{nothing}", "nothing called {nothing}");
	check_refused("a{mode", "not closed");
	check_refused("a}b", "lone '}'");
	check_refused("{}", "1 to 32");
	check_refused("{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}", "1 to 32");
	check_refused("{", "not closed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(template_fill_plain_text_is_kept),
		cmocka_unit_test(template_fill_names_are_replaced),
		cmocka_unit_test(template_fill_values_are_not_filled_again),
		cmocka_unit_test(template_fill_doubled_braces_are_braces),
		cmocka_unit_test(template_fill_long_text_grows),
		cmocka_unit_test(template_fill_faults_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
