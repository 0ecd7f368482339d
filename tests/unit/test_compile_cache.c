#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "front/compile_cache.h"

static struct compile_key key_of(unsigned number)
{
	struct compile_key key = {{0}};

	memcpy(key.bytes, &number, sizeof(number));
	return key;
}

/* An entry whose stdout has so many bytes; the caller's reference. */
static struct compile_entry *entry_of(unsigned number, size_t len)
{
	struct compile_key key = key_of(number);
	struct compile_entry *entry = compile_entry_new(&key);
	_cleanup_free_ char *text = calloc(1, len);

	assert_non_null(entry);
	assert_non_null(text);
	assert_int_equal(compile_entry_set_output(entry, 1, text, len), 0);
	return entry;
}

static void put(struct compile_cache *cache, unsigned number, size_t len)
{
	struct compile_entry *entry = entry_of(number, len);

	compile_cache_put(cache, entry);
	compile_entry_unref(entry);
}

static int has(struct compile_cache *cache, unsigned number)
{
	struct compile_key key = key_of(number);
	return compile_cache_find(cache, &key) != NULL;
}

static void compile_cache_put_beyond_bytes_drops_the_least_recently_used(void **state)
{
	struct compile_cache cache;

	(void)state;
	compile_cache_init(&cache, 100000);
	put(&cache, 1, 40000);
	put(&cache, 2, 40000);
	assert_true(has(&cache, 1)); /* 2 is the oldest now */
	put(&cache, 3, 40000);
	assert_true(has(&cache, 1));
	assert_false(has(&cache, 2));
	assert_true(has(&cache, 3));
	assert_true(cache.bytes <= cache.bytes_max);
	compile_cache_fini(&cache);
	assert_int_equal(cache.bytes, 0);
}

static void compile_cache_put_of_more_than_all_keeps_what_is_there(void **state)
{
	struct compile_cache cache;

	(void)state;
	compile_cache_init(&cache, 100000);
	put(&cache, 1, 1000);
	put(&cache, 2, 100001);
	assert_true(has(&cache, 1));
	assert_false(has(&cache, 2));
	compile_cache_fini(&cache);
}

static void compile_cache_put_bounds_the_number(void **state)
{
	struct compile_cache cache;

	(void)state;
	compile_cache_init(&cache, UINT64_MAX);
	for (unsigned i = 0; i < COMPILE_CACHE_ENTRIES + 10; i++)
		put(&cache, i, 1);
	assert_int_equal(cache.count, COMPILE_CACHE_ENTRIES);
	assert_false(has(&cache, 9));
	assert_true(has(&cache, 10));
	compile_cache_fini(&cache);
}

static void compile_cache_put_twice_keeps_one(void **state)
{
	struct compile_cache cache;

	(void)state;
	compile_cache_init(&cache, 100000);
	put(&cache, 1, 10);
	put(&cache, 1, 20);
	assert_int_equal(cache.count, 1);
	compile_cache_fini(&cache);
}

static int bundle_of(const char *text)
{
	struct bundle_writer writer = {0};

	bundle_add_text(&writer, BUNDLE_ARG, text);
	return bundle_finish(&writer);
}

static void compile_key_make_tells_image_limits_and_bundle_apart(void **state)
{
	struct limits limits = limits_default_compile(), less = limits;
	struct compile_key key, other;
	_cleanup_fd_ int one = bundle_of("/one"), same = bundle_of("/one"), two = bundle_of("/two");

	(void)state;
	less.wall_usec--;
	assert_int_equal(compile_key_make("image", &limits, one, &key, NULL), 0);
	assert_int_equal(compile_key_make("image", &limits, same, &other, NULL), 0);
	assert_true(compile_key_equal(&key, &other));
	assert_int_equal(compile_key_make("other", &limits, one, &other, NULL), 0);
	assert_false(compile_key_equal(&key, &other));
	assert_int_equal(compile_key_make("image", &less, one, &other, NULL), 0);
	assert_false(compile_key_equal(&key, &other));
	assert_int_equal(compile_key_make("image", &limits, two, &other, NULL), 0);
	assert_false(compile_key_equal(&key, &other));
}

static void compile_result_lasts_only_when_it_ended_by_itself_whole(void **state)
{
	struct step_result result = {.outcome = OUTCOME_EXITED, .exit_code = 1};

	(void)state;
	assert_true(compile_result_lasts(&result));
	result.truncated_stderr = 1;
	assert_false(compile_result_lasts(&result));
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		result = (struct step_result){.outcome = (enum outcome)i};
		assert_int_equal(compile_result_lasts(&result), i == OUTCOME_EXITED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compile_cache_put_beyond_bytes_drops_the_least_recently_used),
		cmocka_unit_test(compile_cache_put_of_more_than_all_keeps_what_is_there),
		cmocka_unit_test(compile_cache_put_bounds_the_number),
		cmocka_unit_test(compile_cache_put_twice_keeps_one),
		cmocka_unit_test(compile_key_make_tells_image_limits_and_bundle_apart),
		cmocka_unit_test(compile_result_lasts_only_when_it_ended_by_itself_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
