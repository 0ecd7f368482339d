/* Which parts of the cache an image was made from. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bake/parts.h"
#include "unit_folder.h"

static int setup(void **state)
{
	*state = unit_folder_new();
	return 0;
}

static int teardown(void **state)
{
	unit_folder_free(*state);
	return 0;
}

static void parts_what_was_noted_is_read_back(void **state)
{
	static const char *const names[] = {"layers/debian-1", "vendor/key", "memo/a b"};
	struct unit_folder *folder = *state;
	struct parts parts = {.text = NULL}, back = {.text = NULL};
	const char *line = NULL;
	char path[64];
	int len;

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/some/cache/%s", names[i]);
		assert_int_equal(parts_add(&parts, "/some/cache", path, NULL), 0);
	}
	assert_int_equal(parts_write(&parts, folder->path, NULL), 0);
	assert_int_equal(parts_read(folder->path, &back, NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		line = parts_next(&back, line, &len);
		assert_non_null(line);
		assert_int_equal(len, strlen(names[i]));
		assert_memory_equal(line, names[i], strlen(names[i]));
	}
	assert_null(parts_next(&back, line, &len));
	parts_fini(&parts);
	parts_fini(&back);
}

static void parts_none_is_not_the_same_as_no_file(void **state)
{
	struct unit_folder *folder = *state;
	struct parts parts = {.text = NULL};
	int len;

	assert_int_equal(parts_read(folder->path, &parts, NULL), -ENOENT);
	assert_int_equal(parts_write(&parts, folder->path, NULL), 0);
	assert_int_equal(parts_read(folder->path, &parts, NULL), 0);
	assert_null(parts_next(&parts, NULL, &len));
	parts_fini(&parts);
}

static void parts_read_what_leads_elsewhere_is_refused(void **state)
{
	static const char *const texts[] = {"layers/a",	   "/layers/a\n", "layers/../../x\n",
					    "layers//a\n", "\n",	  "layers/a\n..\n",
					    "layers/a\r\n"};
	struct unit_folder *folder = *state;
	struct parts parts = {.text = NULL};
	struct error err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		unit_folder_text(folder, PARTS_FILE, texts[i]);
		assert_int_equal(parts_read(folder->path, &parts, &err), -EINVAL);
		assert_non_null(strstr(err.text, PARTS_FILE));
		assert_null(parts.text);
	}
	unit_folder_write(folder, PARTS_FILE, "layers/a\0b\n", 11);
	assert_int_equal(parts_read(folder->path, &parts, NULL), -EINVAL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parts_what_was_noted_is_read_back),
		TEST(parts_none_is_not_the_same_as_no_file),
		TEST(parts_read_what_leads_elsewhere_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
