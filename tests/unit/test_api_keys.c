#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/api_keys.h"

/* Of "secret" and of "other". */
#define SECRET "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
#define OTHER "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"

static int parse(struct api_keys *keys, struct error *err, const char *text)
{
	char copy[1024];

	snprintf(copy, sizeof(copy), "%s", text);
	return api_keys_parse(copy, keys, err);
}

static void api_keys_parse_takes_lines(void **state)
{
	static struct api_keys keys;
	const struct api_key *key;

	(void)state;
	assert_int_equal(parse(&keys, NULL,
			       "# name rate burst sha256\n\n  \nirc-bot 20 60 " SECRET "\r\n"
			       "Ann_2\t0  1   " OTHER),
			 0);
	assert_int_equal(keys.count, 2);
	key = api_keys_find(&keys, "secret");
	assert_non_null(key);
	assert_string_equal(key->name, "irc-bot");
	assert_int_equal(key->rate.per_sec, 20);
	assert_int_equal(key->rate.burst, 60);
	assert_string_equal(api_keys_find(&keys, "other")->name, "Ann_2");
	assert_null(api_keys_find(&keys, "Secret"));
	assert_null(api_keys_find(&keys, ""));
	assert_null(api_keys_find(&keys, SECRET));
}

static void api_keys_parse_names_line_and_fault(void **state)
{
	static const char *const rows[][2] = {
		{"a 1 1 " SECRET "\na 1 1 " OTHER, "line 2: the name"},
		{"a!b 1 1 " SECRET, "line 1: the name"},
		{"abcdefghijklmnopqrstuvwxyz0123456 1 1 " SECRET, "the name"},
		{"a -1 1 " SECRET, "the rate"},
		{"a 1.5 1 " SECRET, "the rate"},
		{"a", "the rate"},
		{"a 1", "the burst"},
		{"a 1 0 " SECRET, "the burst"},
		{"a 1 99999999 " SECRET, "the burst"},
		{"\n\na 1 1", "line 3: the hash"},
		{"a 1 1 2BB8", "the hash"},
		{"a 1 1 " SECRET " x", "more after"},
	};
	static struct api_keys keys;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = {0};
		assert_int_equal(parse(&keys, &err, rows[i][0]), -EINVAL);
		if (!strstr(err.text, rows[i][1]))
			fail_msg("%s: %s", rows[i][0], err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(api_keys_parse_takes_lines),
		cmocka_unit_test(api_keys_parse_names_line_and_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
