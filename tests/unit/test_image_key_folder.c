#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image/key_folder.h"

static int setup(void **state)
{
	(void)state;
	unsetenv("SANDLOT_KEYS");
	unsetenv("XDG_CONFIG_HOME");
	return setenv("HOME", "/home/ann", 1);
}

static void expect(const char *option, int is_root, const char *path)
{
	char found[PATH_MAX];

	assert_int_equal(key_folder(option, is_root, found, NULL), 0);
	assert_string_equal(found, path);
}

static void key_folder_what_is_named_comes_first(void **state)
{
	(void)state;
	expect(NULL, 1, "/etc/sandlot/keys");
	expect(NULL, 0, "/home/ann/.config/sandlot/keys");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	expect(NULL, 0, "/home/ann/.config/sandlot/keys");
	setenv("XDG_CONFIG_HOME", "/conf", 1);
	expect(NULL, 0, "/conf/sandlot/keys");
	expect(NULL, 1, "/etc/sandlot/keys");
	setenv("SANDLOT_KEYS", "keys", 1);
	expect(NULL, 0, "keys");
	expect(NULL, 1, "keys");
	expect("/srv/keys", 1, "/srv/keys");
	setenv("SANDLOT_KEYS", "", 1);
	expect(NULL, 1, "/etc/sandlot/keys");
}

static void key_folder_without_any_is_refused(void **state)
{
	char found[PATH_MAX], longer[PATH_MAX + 1];
	struct error err = {0};

	(void)state;
	unsetenv("HOME");
	assert_int_equal(key_folder(NULL, 0, found, &err), -EINVAL);
	assert_non_null(strstr(err.text, "--keys DIR"));
	assert_int_equal(key_folder("", 0, found, NULL), -ENAMETOOLONG);
	memset(longer, 'a', PATH_MAX);
	longer[PATH_MAX] = '\0';
	assert_int_equal(key_folder(longer, 0, found, NULL), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(key_folder_what_is_named_comes_first, setup),
		cmocka_unit_test_setup(key_folder_without_any_is_refused, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
