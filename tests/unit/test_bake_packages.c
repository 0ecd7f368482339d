/* Lists of Debian packages, and what apt prints about them. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bake/apt_text.h"
#include "bake/packages.h"

#define SUM_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SUM_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static json_t *package(const char *name, const char *version, const char *sum)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "name", name, "version", version, "architecture",
			 "amd64", "sha256", sum);
}

static void packages_parse_name_parts_are_told_apart(void **state)
{
	json_auto_t *package = packages_parse_name("libc6_1%3a2.36-9+deb12u1_amd64.deb");

	(void)state;
	assert_string_equal(json_text(package, "name"), "libc6");
	assert_string_equal(json_text(package, "version"), "1:2.36-9+deb12u1");
	assert_string_equal(json_text(package, "architecture"), "amd64");
	assert_null(packages_parse_name("libc6_amd64.deb"));
	assert_null(packages_parse_name("libc6_1_amd64.rpm"));
	assert_null(packages_parse_name(".deb"));
	assert_null(packages_parse_name("__.deb"));
	assert_null(packages_parse_name("-o_1_all.deb"));
}

static void packages_add_names_are_sorted_once_each(void **state)
{
	json_auto_t *names = json_array();
	json_auto_t *more = json_pack("[s, s, s]", "gcc", "bash", "gcc");
	json_auto_t *bad = json_pack("[s]", "--option");
	json_auto_t *expected = json_pack("[s, s]", "bash", "gcc");

	(void)state;
	assert_int_equal(packages_add_names(names, more), 0);
	assert_int_equal(packages_add_names(names, NULL), 0);
	assert_int_equal(packages_add_names(names, bad), -EINVAL);
	assert_true(json_equal(names, expected));
}

static void packages_add_each_name_is_there_once_and_found(void **state)
{
	static const char *const names[] = {"m", "c", "x", "d", "a", "z", "b"};
	json_auto_t *list = json_array();

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[8];
		snprintf(name, sizeof(name), "lib%s", names[i]);
		json_auto_t *one = package(name, "1", SUM_A);
		assert_int_equal(packages_add(list, one), 0);
		assert_int_equal(packages_add(list, one), -EEXIST);
		assert_ptr_equal(packages_find(list, name), one);
	}
	assert_null(packages_find(list, "libe"));
	assert_int_equal(packages_check(list, (struct json_place){"f", "packages"}, NULL), 0);
}

static void assert_refused(json_t *list, const char *word)
{
	struct error err = {.code = 0};

	assert_int_equal(packages_check(list, (struct json_place){"f.json", "packages"}, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "f.json: packages"));
	if (!strstr(err.text, word))
		fail_msg("\"%s\" lacks \"%s\"", err.text, word);
	json_decref(list);
}

static void packages_check_faults_are_refused(void **state)
{
	(void)state;
	assert_refused(json_pack("[o]", package("-o", "1", SUM_A)), "no package's name");
	assert_refused(json_pack("[o]", package("aa", "-t", SUM_A)), "no Debian version");
	assert_refused(json_pack("[o]", package("aa", "1 2", SUM_A)), "no Debian version");
	assert_refused(json_pack("[o]", package("aa", "1", "abc")), "64");
	assert_refused(json_pack("[o, o]", package("aa", "1", SUM_A), package("aa", "2", SUM_A)),
		       "[1] has \"aa\" out of order, or twice");
	assert_refused(json_pack("[o, o]", package("bb", "1", SUM_A), package("aa", "2", SUM_A)),
		       "out of order");
	assert_refused(json_pack("[s]", "aa"), "must be an object");
	assert_refused(json_pack("[{s:s}]", "name", "aa"), "is missing");
}

static void apt_text_uris_packages_are_read(void **state)
{
	json_t *list = NULL;

	(void)state;
	assert_int_equal(apt_text_uris("Reading package lists...\n"
				       "'http://m/g%2b%2b_12.deb' g++_4%3a12.2.0-3_amd64.deb 1356 "
				       "SHA256:" SUM_A "\n"
				       "'http://m/dash.deb' dash_0.5_all.deb 9 SHA256:" SUM_B "\n",
				       &list, NULL),
			 0);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_text(json_array_get(list, 0), "name"), "dash");
	assert_string_equal(json_text(json_array_get(list, 1), "version"), "4:12.2.0-3");
	assert_string_equal(json_text(json_array_get(list, 1), "sha256"), SUM_A);
	json_decref(list);
}

static void apt_text_uris_other_forms_are_refused(void **state)
{
	static const char *const bad[] = {
		"'http://m/d.deb' dash_0.5_all.deb 9 MD5Sum:0123\n",
		"'http://m/d.deb' dash_0.5_all.deb 9\n",
		"'http://m/d.deb' dash_0.5_all.deb 9 SHA256:" SUM_A "0\n",
		"'http://m/d.deb' dash.rpm 9 SHA256:" SUM_A "\n",
		"'http://m/d.deb' -o_1_all.deb 9 SHA256:" SUM_A "\n",
		"'",
	};
	json_t *list = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(apt_text_uris(bad[i], &list, NULL), -EINVAL);
	assert_null(list);
}

static void apt_text_show_every_version_is_read(void **state)
{
	json_t *array = NULL;

	(void)state;
	assert_int_equal(apt_text_show("Package: dash\nVersion: 2\nArchitecture: amd64\n"
				       "Description: a\n Version: 9\nSHA256: " SUM_A "\n\n"
				       "Package: dash\nSHA256: " SUM_B
				       "\nVersion: 1\nArchitecture: all\n\n"
				       "Package: half\nVersion: 1\n\n",
				       &array, NULL),
			 0);
	assert_int_equal(json_array_size(array), 2);
	assert_string_equal(json_text(json_array_get(array, 0), "version"), "2");
	assert_string_equal(json_text(json_array_get(array, 1), "architecture"), "all");
	assert_string_equal(json_text(json_array_get(array, 1), "sha256"), SUM_B);
	json_decref(array);
}

static void apt_text_random_damage_never_crashes(void **state)
{
	static const char good[] =
		"Package: dash\nVersion: 2\nSHA256: " SUM_A "\n\n'x' a_1_b.deb 9 "
		"SHA256:" SUM_A "\n";
	uint64_t seed = 0x5eed;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[sizeof(good)];
		json_t *list = NULL, *array = NULL;
		memcpy(text, good, sizeof(good));
		for (size_t k = unit_random_below(&seed, 4) + 1; k > 0; k--)
			text[unit_random_below(&seed, sizeof(good) - 1)] =
				(char)unit_random_below(&seed, 128);
		apt_text_uris(text, &list, NULL);
		apt_text_show(text, &array, NULL);
		json_decref(list);
		json_decref(array);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_parse_name_parts_are_told_apart),
		cmocka_unit_test(packages_add_names_are_sorted_once_each),
		cmocka_unit_test(packages_add_each_name_is_there_once_and_found),
		cmocka_unit_test(packages_check_faults_are_refused),
		cmocka_unit_test(apt_text_uris_packages_are_read),
		cmocka_unit_test(apt_text_uris_other_forms_are_refused),
		cmocka_unit_test(apt_text_show_every_version_is_read),
		cmocka_unit_test(apt_text_random_damage_never_crashes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
