#include "unit.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run_options.h"
#include "cli/run_output.h"
#include "cli/run_request.h"

enum { WORDS_MAX = 80 };

/* Parses "run" and these words, up to NULL. */
static int parse(const char *const *words, struct run_options *options, struct error *err)
{
	static char copies[WORDS_MAX][64];
	char *argv[WORDS_MAX + 2] = {copies[0]};
	int argc = 1;

	for (; words[argc - 1]; argc++) {
		snprintf(copies[argc], sizeof(copies[0]), "%s", words[argc - 1]);
		argv[argc] = copies[argc];
	}
	return run_options_parse(argc, argv, options, err);
}

#define PARSE(options, err, ...) parse((const char *const[]){__VA_ARGS__, NULL}, options, err)

static void run_options_parse_of_everything_takes_all(void **state)
{
	struct run_options options;
	struct error err;

	(void)state;
	assert_int_equal(PARSE(&options, &err, "--server", "http://h:1", "-l", "rust", "-o",
			       "channel=nightly", "--release", "--stdin", "a.rs", "--", "-x", "y"),
			 RUN_PARSED_GO);
	assert_string_equal(options.server, "http://h:1");
	assert_string_equal(options.language, "rust");
	assert_string_equal(options.file, "a.rs");
	assert_int_equal(options.option_count, 2);
	assert_int_equal(options.options[0].name_len, 7);
	assert_string_equal(options.options[0].value, "nightly");
	assert_string_equal(options.options[1].value, "release");
	assert_int_equal(options.arg_count, 2);
	assert_string_equal(options.args[0], "-x");
	assert_true(options.forward_stdin);
}

static void run_options_parse_takes_the_server_from_the_environment(void **state)
{
	struct run_options options;

	(void)state;
	setenv("SANDLOT_SERVER", "http://elsewhere", 1);
	assert_int_equal(PARSE(&options, NULL, "x.c"), RUN_PARSED_GO);
	assert_string_equal(options.server, "http://elsewhere");
	assert_int_equal(PARSE(&options, NULL, "-s", "http://named", "x.c"), RUN_PARSED_GO);
	assert_string_equal(options.server, "http://named");
	unsetenv("SANDLOT_SERVER");
	assert_int_equal(PARSE(&options, NULL, "x.c"), RUN_PARSED_GO);
	assert_string_equal(options.server, "http://127.0.0.1:8080");
	assert_int_equal(PARSE(&options, NULL, "--help"), RUN_PARSED_HELP);
}

static void run_options_parse_of_wrong_words_names_them(void **state)
{
	struct run_options options;
	struct error err;

	(void)state;
	assert_int_equal(PARSE(&options, &err, "--frob", "x.c"), -EINVAL);
	assert_non_null(strstr(err.text, "--frob"));
	assert_int_equal(PARSE(&options, &err, "--server"), -EINVAL);
	assert_non_null(strstr(err.text, "--server"));
	assert_int_equal(PARSE(&options, &err, "-o", "mode", "x.c"), -EINVAL);
	assert_non_null(strstr(err.text, "mode"));
	assert_int_equal(PARSE(&options, &err, "-o", "=x", "x.c"), -EINVAL);
	assert_int_equal(PARSE(&options, &err, "x.c", "y.c"), -EINVAL);
	assert_non_null(strstr(err.text, "y.c"));
	assert_int_equal(PARSE(&options, &err, "--release"), -EINVAL);
	assert_int_equal(PARSE(&options, &err, "--stdin", "-"), -EINVAL);
}

static void language_by_extension_knows_the_common_ones(void **state)
{
	(void)state;
	assert_string_equal(language_by_extension("a.rs"), "rust");
	assert_string_equal(language_by_extension("/x.y/a.cpp"), "cpp");
	assert_string_equal(language_by_extension("./a.b.PY"), "python");
	assert_string_equal(language_by_extension("a.c"), "c");
	assert_null(language_by_extension("a.zig"));
	assert_null(language_by_extension(".rs"));
	assert_null(language_by_extension("/a.rs/b"));
	assert_null(language_by_extension("-"));
}

static void result_status_of_each_outcome_is_as_documented(void **state)
{
	static const struct {
		const char *outcome, *exit_code, *signal, *step;
		int stop_signal, status;
	} rows[] = {
		{"exited", "0", "null", "run", 0, 0},
		{"exited", "42", "null", "run", 0, 42},
		{"exited", "255", "null", "run", 15, 255},
		{"exited", "101", "null", "compile", 0, RUN_EXIT_COMPILE},
		{"exited", "0", "null", "compile", 0, 0},
		{"signaled", "null", "11", "run", 0, 139},
		{"signaled", "null", "11", "compile", 0, RUN_EXIT_COMPILE},
		{"wall_timeout", "null", "9", "run", 0, RUN_EXIT_TIMEOUT},
		{"cpu_timeout", "null", "9", "compile", 0, RUN_EXIT_TIMEOUT},
		{"out_of_memory", "null", "9", "run", 0, 137},
		{"output_limit", "null", "9", "run", 0, 141},
		{"file_limit", "null", "null", "run", 0, 1},
		{"file_limit", "null", "25", "run", 0, 153},
		{"killed", "null", "9", "run", 2, 130},
		{"killed", "null", "null", "run", 0, 143},
		{"refused", "null", "null", "run", 0, RUN_EXIT_SERVER},
		{"internal_error", "null", "null", "compile", 0, RUN_EXIT_SERVER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];
		snprintf(text, sizeof(text),
			 "{\"outcome\":\"%s\",\"sentence\":\"S.\",\"exit_code\":%s,\"signal\":%s,"
			 "\"steps\":[{\"step\":\"%s\"}]}",
			 rows[i].outcome, rows[i].exit_code, rows[i].signal, rows[i].step);
		json_t *result = json_loads(text, 0, NULL);
		assert_non_null(result);
		assert_int_equal(result_status(result, rows[i].stop_signal), rows[i].status);
		json_decref(result);
	}
	json_t *nothing = json_object();
	assert_int_equal(result_status(nothing, 0), RUN_EXIT_SERVER);
	json_decref(nothing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_options_parse_of_everything_takes_all),
		cmocka_unit_test(run_options_parse_takes_the_server_from_the_environment),
		cmocka_unit_test(run_options_parse_of_wrong_words_names_them),
		cmocka_unit_test(language_by_extension_knows_the_common_ones),
		cmocka_unit_test(result_status_of_each_outcome_is_as_documented),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
