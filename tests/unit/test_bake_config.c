/* /etc/sandlot/bake.json, and what may be an address. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "bake/config.h"
#include "bake/fetch.h"
#include "bake/json.h"

static const char good[] =
	"{\"schema\": 1, \"apt_sources\": \"/etc/own.sources\","
	" \"snapshots\": [{\"address\": \"http://s/{time}\", \"suites\": [\"bookworm\"]}],"
	" \"dist\": {\"address\": \"https://d/dist\", \"keyring\": \"/etc/k.gpg\"},"
	" \"tars\": \"/srv/tars\"}";

static json_t *config_of(void)
{
	json_t *config = json_loads(good, 0, NULL);
	assert_non_null(config);
	return config;
}

static void assert_refused(const json_t *config, const char *word)
{
	struct error err = {.code = 0};

	assert_int_equal(config_check(config, "c.json", &err), -EINVAL);
	assert_non_null(strstr(err.text, "c.json: "));
	if (!strstr(err.text, word))
		fail_msg("\"%s\" lacks \"%s\"", err.text, word);
}

/* The top, the snapshot and dist. */
static json_t *object_of(json_t *config, size_t n)
{
	return n == 0	? config
	       : n == 1 ? json_array_get(json_object_get(config, "snapshots"), 0)
			: json_object_get(config, "dist");
}

static void config_check_every_key_counts(void **state)
{
	json_auto_t *whole = config_of();

	(void)state;
	assert_int_equal(config_check(whole, "c.json", NULL), 0);
	for (size_t n = 0; n < 3; n++) {
		const char *key;
		json_t *value;
		json_object_foreach (object_of(whole, n), key, value) {
			json_auto_t *less = config_of(), *other = config_of();
			json_object_set_new(object_of(other, n), key, json_real(1.5));
			assert_refused(other, "must be");
			json_object_del(object_of(less, n), key);
			if (n > 0 || strcmp(key, "schema") == 0)
				assert_refused(less, "is missing");
			else
				assert_int_equal(config_check(less, "c.json", NULL), 0);
		}
		json_auto_t *more = config_of();
		json_object_set_new(object_of(more, n), "colour", json_string("red"));
		assert_refused(more, "colour is an unknown key");
	}
}

static void config_check_odd_places_are_refused(void **state)
{
	static const char *const odd[][2] = {{"apt_sources", "own.sources"}, {"tars", "ftp://t"}};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		json_auto_t *config = config_of();
		json_object_set_new(config, odd[i][0], json_string(odd[i][1]));
		assert_refused(config, odd[i][0]);
	}
	json_auto_t *config = config_of();
	json_object_set_new(object_of(config, 2), "keyring", json_string("k.gpg"));
	assert_refused(config, "dist.keyring");
}

static void fetch_is_address_only_what_can_be_part_of_a_command_is(void **state)
{
	static const char *const yes[] = {"/srv/a", "http://m/x", "https://m:1/x?y=z", "file:/srv"};
	static const char *const no[] = {
		"",	 "srv",		"ftp://m",   "-o",	     "http://m/ x",
		"/a\nb", "http://m/\"", "/a/../etc", "http://m/\x7f"};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_int_equal(fetch_is_address(yes[i]), 1);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_int_equal(fetch_is_address(no[i]), 0);
}

static void config_read_missing_file_is_told(void **state)
{
	struct config config;
	struct error err = {.code = 0};

	(void)state;
	assert_int_equal(config_read("/nonexistent/bake.json", &config, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/bake.json"));
	config_fini(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_check_every_key_counts),
		cmocka_unit_test(config_check_odd_places_are_refused),
		cmocka_unit_test(fetch_is_address_only_what_can_be_part_of_a_command_is),
		cmocka_unit_test(config_read_missing_file_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
