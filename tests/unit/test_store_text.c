/* What `sandlot image` reads from its command line, and how it shows numbers. */
#include "unit.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "store/meter.h"
#include "store/options.h"
#include "store/print.h"
#include "store/verb.h"

static const struct verb some_verb = {
	.name = "some",
	.operands = "IMAGE",
	.options = OPTION_CACHE | OPTION_JSON | OPTION_LEVEL | OPTION_LINK,
	.least = 1,
	.most = 2,
};

static int parse(struct options *options, struct error *err, const char *a, const char *b,
		 const char *c)
{
	char words[4][64] = {"some"}, *argv[5] = {words[0]};
	const char *const given[] = {a, b, c};
	int argc = 1;

	for (int i = 0; i < 3 && given[i]; i++) {
		snprintf(words[argc], sizeof(words[argc]), "%s", given[i]);
		argv[argc] = words[argc];
		argc++;
	}
	optind = 0; /* getopt_long(3) starts anew */
	return options_parse(&some_verb, argc, argv, options, err);
}

static void options_parse_takes_what_the_verb_takes(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, NULL, "default", "--json", "--level=19"), OPTIONS_RUN);
	assert_true(options_has(&options, OPTION_JSON));
	assert_false(options_has(&options, OPTION_CACHE));
	assert_int_equal(options.level, 19);
	assert_int_equal(options.operand_count, 1);
	assert_string_equal(options.operands[0], "default");
	assert_non_null(strstr(options.link, "image"));
	assert_int_equal(parse(&options, NULL, "x", "--help", NULL), OPTIONS_HELP);
	assert_int_equal(parse(&options, NULL, "x", "--link", "here"), OPTIONS_RUN);
	assert_string_equal(options.link, "here");
	assert_int_equal(options.level, OPTIONS_LEVEL_DEFAULT);
}

static void options_parse_faults_are_named(void **state)
{
	static const struct {
		const char *words[3], *said;
	} cases[] = {
		{{"x", "--dry-run"}, "takes no --dry-run"},
		{{"x", "--nothing"}, "--nothing"},
		{{"x", "--cache"}, "takes a value"},
		{{"x", "--level", "20"}, "1 to 19"},
		{{"x", "--level", "0"}, "1 to 19"},
		{{"x", "--level", "9x"}, "\"9x\""},
		{{"x", "--level", "-1"}, "1 to 19"},
		{{"x", "--cache", ""}, "not nothing"},
		{{"x", "y", "z"}, "usage:"},
		{{NULL}, "usage:"},
	};
	struct options options;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const *words = cases[i].words;
		assert_int_equal(parse(&options, &err, words[0], words[1], words[2]), -EINVAL);
		if (!strstr(err.text, cases[i].said))
			fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].said);
	}
}

static void print_bytes_is_short_and_cut(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{999, "999 B"},
		{1000, "1.0 kB"},
		{999999, "999.9 kB"},
		{1000000, "1.0 MB"},
		{854000000, "854.0 MB"},
		{UINT64_MAX, "18.4 EB"},
	};
	char text[PRINT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_bytes(cases[i].bytes, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void print_time_unknown_is_told(void **state)
{
	char text[PRINT_SIZE];

	(void)state;
	print_time(1735689600, text);
	assert_string_equal(text, "2025-01-01 00:00 UTC");
	print_time(0, text);
	assert_string_equal(text, "unknown");
	print_time(UINT64_MAX, text);
	assert_string_equal(text, "unknown");
}

static void meter_left_follows_the_pace(void **state)
{
	char text[32];

	(void)state;
	meter_left(50, 100, 10000000, text);
	assert_string_equal(text, "11 s");
	meter_left(1, 100, 2000000, text);
	assert_string_equal(text, "3 min 19 s");
	meter_left(50, 100, 1000, text); /* too early to tell */
	assert_string_equal(text, "");
	meter_left(0, 100, 10000000, text);
	assert_string_equal(text, "");
	meter_left(100, 0, 10000000, text); /* of an unknown length */
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_parse_takes_what_the_verb_takes),
		cmocka_unit_test(options_parse_faults_are_named),
		cmocka_unit_test(print_bytes_is_short_and_cut),
		cmocka_unit_test(print_time_unknown_is_told),
		cmocka_unit_test(meter_left_follows_the_pace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
