/* What a self-test may ask for, and how what was seen is held against it. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "bake/selftest_judge.h"

static json_t *from(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);
	assert_non_null(value);
	return value;
}

static int check(const char *text, struct error *err)
{
	json_auto_t *value = from(text), *language = from("{\"run\": {}}");
	return selftest_check(value, language, (struct json_place){"r.json", "checks[0]"}, err);
}

static void selftest_check_what_makes_sense_is_taken(void **state)
{
	static const char *const good[] = {
		"{\"code\": \"\"}",
		"{\"file\": \"a\", \"step\": \"run\", \"exit_code\": 3}",
		"{\"code\": \"\", \"signal\": \"SIGSEGV\"}",
		"{\"code\": \"\", \"outcome\": \"wall_timeout\", \"limits\": {\"wall\": \"1s\"}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct error err = {.code = 0};
		if (check(good[i], &err) < 0)
			fail_msg("%s: %s", good[i], err.text);
	}
}

static void selftest_check_what_makes_none_is_refused(void **state)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{"{}", "must have file or code"},
		{"{\"code\": \"\", \"file\": \"a\"}", "must have file or code"},
		{"{\"code\": \"\", \"step\": \"link\"}", "step must be compile or run"},
		{"{\"code\": \"\", \"step\": \"compile\"}", "which this language lacks"},
		{"{\"code\": \"\", \"signal\": \"SIGNONE\"}", "signal must be a name"},
		{"{\"code\": \"\", \"signal\": \"SIGSEGV\", \"exit_code\": 1}", "more than one of"},
		{"{\"code\": \"\", \"outcome\": \"tired\"}", "outcome must be wall_timeout"},
		{"{\"code\": \"\", \"outcome\": \"internal_error\"}",
		 "outcome must be wall_timeout"},
		{"{\"code\": \"\", \"limits\": {\"colour\": \"1\"}}", "limits has colour=1"},
		{"{\"code\": \"\", \"limits\": {\"wall\": \"soon\"}}", "limits has wall=soon"},
		{"{\"code\": \"\", \"limits\": {\"wall\": \"1s\", \"cpu\": \"1s\", \"files\": "
		 "\"1M\","
		 " \"memory\": \"1M\", \"output\": \"1M\"}}",
		 "has more than 4"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = {.code = 0};
		assert_int_equal(check(bad[i].text, &err), -EINVAL);
		if (!strstr(err.text, bad[i].word) || !strstr(err.text, "r.json"))
			fail_msg("%s: %s", bad[i].text, err.text);
	}
}

static void assert_judged(const char *expected, const struct selftest_seen *seen, const char *why)
{
	json_auto_t *value = from(expected);
	char said[SELFTEST_WHY_SIZE] = "";

	assert_int_equal(selftest_judge(value, seen, said), why == NULL);
	assert_string_equal(said, why ? why : "");
}

static void selftest_judge_end_is_told(void **state)
{
	const struct selftest_seen exited = {{OUTCOME_EXITED, 3, 0}, "", ""};
	const struct selftest_seen killed = {{OUTCOME_SIGNALED, 0, SIGSEGV}, "", ""};
	const struct selftest_seen late = {{OUTCOME_WALL_TIMEOUT, 0, SIGKILL}, "", ""};

	(void)state;
	assert_judged("{\"exit_code\": 3}", &exited, NULL);
	assert_judged("{}", &exited, "it ended with exit status 3 instead of exit status 0");
	assert_judged("{\"signal\": \"SIGSEGV\"}", &killed, NULL);
	assert_judged("{\"signal\": \"SIGABRT\"}", &killed,
		      "it ended with signal SIGSEGV instead of signal SIGABRT");
	assert_judged("{\"outcome\": \"wall_timeout\"}", &late, NULL);
	assert_judged("{\"signal\": \"SIGKILL\"}", &late,
		      "it ended with outcome wall_timeout instead of signal SIGKILL");
	assert_judged("{\"outcome\": \"out_of_memory\"}", &exited,
		      "it ended with exit status 3 instead of outcome out_of_memory");
}

static void selftest_judge_first_line_that_differs_is_told(void **state)
{
	const struct selftest_seen seen = {
		{OUTCOME_EXITED, 0, 0}, "one\ntwo\nthree\n", "warning: w\n"};

	(void)state;
	assert_judged("{\"stdout\": \"one\\ntwo\\nthree\\n\", \"stdout_contains\": \"two\","
		      " \"stderr_contains\": \"warning\"}",
		      &seen, NULL);
	assert_judged("{\"stdout\": \"one\\ntoo\\nthree\\n\"}", &seen,
		      "line 2 of its output is \"two\" instead of \"too\"");
	assert_judged("{\"stdout\": \"one\\ntwo\\n\"}", &seen,
		      "line 3 of its output is \"three\" instead of \"\"");
	assert_judged("{\"stdout\": \"\"}", &seen,
		      "line 1 of its output is \"one\" instead of \"\"");
	assert_judged("{\"stdout_contains\": \"four\"}", &seen, "its output lacks \"four\"");
	assert_judged("{\"stderr_contains\": \"error\"}", &seen,
		      "its error output lacks \"error\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selftest_check_what_makes_sense_is_taken),
		cmocka_unit_test(selftest_check_what_makes_none_is_refused),
		cmocka_unit_test(selftest_judge_end_is_told),
		cmocka_unit_test(selftest_judge_first_line_that_differs_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
