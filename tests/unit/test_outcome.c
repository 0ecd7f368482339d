#include "unit.h"

#include <signal.h>
#include <string.h>

#include "base/outcome.h"

static void outcome_name_of_each_is_the_api_name(void **state)
{
	static const char *const names[] = {
		"exited",	"signaled",   "wall_timeout", "cpu_timeout", "out_of_memory",
		"output_limit", "file_limit", "killed",	      "refused",     "internal_error",
	};

	(void)state;
	assert_int_equal(sizeof(names) / sizeof(names[0]), OUTCOME_COUNT);
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		assert_string_equal(outcome_name((enum outcome)i), names[i]);
}

static void outcome_sentence_of_each_is_a_sentence(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
		const char *sentence = outcome_sentence((enum outcome)i);
		assert_in_range(sentence[0], 'A', 'Z');
		assert_int_equal(sentence[strlen(sentence) - 1], '.');
	}
}

static void signal_name_knows_the_common_ones(void **state)
{
	(void)state;
	assert_string_equal(signal_name(SIGSEGV), "SIGSEGV");
	assert_string_equal(signal_description(SIGSEGV), "segmentation violation");
	assert_string_equal(signal_name(SIGKILL), "SIGKILL");
	assert_string_equal(signal_name(SIGABRT), "SIGABRT");
}

static void signal_name_of_any_number_is_a_text(void **state)
{
	(void)state;
	for (int i = -2; i < 130; i++) {
		assert_true(strlen(signal_name(i)) > 0);
		assert_true(strlen(signal_description(i)) > 0);
	}
	assert_string_equal(signal_description(64), "unknown signal");
}

static void signal_number_of_each_name_is_its_number(void **state)
{
	(void)state;
	for (int i = 1; i < SIGNALS_END; i++)
		assert_int_equal(signal_number(signal_name(i)), i);
	assert_int_equal(signal_number("SIGNONE"), 0);
	assert_int_equal(signal_number("an unnamed signal"), 0);
	assert_int_equal(signal_number(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcome_name_of_each_is_the_api_name),
		cmocka_unit_test(outcome_sentence_of_each_is_a_sentence),
		cmocka_unit_test(signal_name_knows_the_common_ones),
		cmocka_unit_test(signal_name_of_any_number_is_a_text),
		cmocka_unit_test(signal_number_of_each_name_is_its_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
