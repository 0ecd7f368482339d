#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/repeats.h"

static const uint8_t one[SHA256_BYTES] = {1}, two[SHA256_BYTES] = {2};
static char id[JOB_ID_SIZE];

static void repeats_begin_finds_what_was_ended(void **state)
{
	struct repeats *repeats = repeats_new();

	(void)state;
	assert_int_equal(repeats_begin(repeats, "ann", "key", one, 1000, id), 0);
	repeats_end(repeats, "the-job");
	assert_int_equal(repeats_begin(repeats, "ann", "key", one, 2000, id), 1);
	repeats_end(repeats, NULL);
	assert_string_equal(id, "the-job");
	assert_int_equal(repeats_begin(repeats, "ann", "key", two, 2000, id), -EEXIST);
	repeats_end(repeats, NULL);
	assert_int_equal(repeats_begin(repeats, "bob", "key", one, 2000, id), 0);
	repeats_end(repeats, NULL);
	assert_int_equal(repeats_begin(repeats, "an", "nkey", one, 2000, id), 0);
	repeats_end(repeats, NULL);
	repeats_free(repeats);
}

static void repeats_begin_forgets_what_came_to_nothing_and_what_is_old(void **state)
{
	struct repeats *repeats = repeats_new();

	(void)state;
	assert_int_equal(repeats_begin(repeats, "ann", "key", one, 1000, id), 0);
	repeats_end(repeats, NULL);
	assert_int_equal(repeats_begin(repeats, "ann", "key", two, 1000, id), 0);
	repeats_end(repeats, "the-job");
	assert_int_equal(repeats_begin(repeats, "ann", "key", two, 999 + REPEATS_USEC, id), 1);
	repeats_end(repeats, NULL);
	assert_int_equal(repeats_begin(repeats, "ann", "key", two, 1000 + REPEATS_USEC, id), 0);
	repeats_end(repeats, NULL);
	repeats_free(repeats);
}

static void repeats_many_keys_give_their_own_job_or_none(void **state)
{
	struct repeats *repeats = repeats_new();
	unsigned kept = 0;
	char key[16];

	(void)state;
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 3 * REPEATS_MAX; i++) {
			snprintf(key, sizeof(key), "%u", i);
			int r = repeats_begin(repeats, "ann", key, one, 1000, id);
			repeats_end(repeats, round == 0 ? key : NULL);
			if (round == 1 && r == 1) {
				assert_string_equal(id, key);
				kept++;
			}
		}
	assert_in_range(kept, REPEATS_MAX / 2, REPEATS_MAX);
	repeats_free(repeats);
}

static void repeat_key_is_valid_takes_visible_characters(void **state)
{
	char key[REPEAT_KEY_MAX + 2] = "";

	(void)state;
	assert_false(repeat_key_is_valid(""));
	assert_false(repeat_key_is_valid("a b"));
	assert_false(repeat_key_is_valid("\xc3\xa4"));
	assert_true(repeat_key_is_valid("8e03978e-40d5-43e8-bc93-6894a57f9324"));
	memset(key, 'x', REPEAT_KEY_MAX);
	assert_true(repeat_key_is_valid(key));
	key[REPEAT_KEY_MAX] = 'x';
	assert_false(repeat_key_is_valid(key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeats_begin_finds_what_was_ended),
		cmocka_unit_test(repeats_begin_forgets_what_came_to_nothing_and_what_is_old),
		cmocka_unit_test(repeats_many_keys_give_their_own_job_or_none),
		cmocka_unit_test(repeat_key_is_valid_takes_visible_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
