#include "unit_folder.h"

#include "bake/seal.h"

static int setup(void **state)
{
	struct unit_folder *folder = unit_folder_new();

	unit_folder_mkdir(folder, "serde-1.0.1");
	unit_folder_text(folder, "serde-1.0.1/lib.rs", "fn a() {}\n");
	unit_folder_text(folder, "serde-1.0.1/z.rs", "");
	assert_int_equal(seal_write(folder->path, NULL), 0);
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	unit_folder_free(*state);
	return 0;
}

static void assert_refused(const struct unit_folder *folder, const char *words)
{
	struct error err = {.code = 0};

	assert_int_equal(seal_check(folder->path, &err), -EBADMSG);
	if (!strstr(err.text, words) || !strstr(err.text, folder->path))
		fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void seal_check_untouched_folder_is_good(void **state)
{
	struct unit_folder *folder = *state;

	assert_int_equal(seal_check(folder->path, NULL), 0);
	/* Written again as it was: only what it holds counts. */
	unit_folder_text(folder, "serde-1.0.1/lib.rs", "fn a() {}\n");
	assert_int_equal(seal_check(folder->path, NULL), 0);
}

static void seal_check_changed_byte_is_named(void **state)
{
	unit_folder_text(*state, "serde-1.0.1/lib.rs", "fn b() {}\n");
	assert_refused(*state, "serde-1.0.1/lib.rs was changed");
}

static void seal_check_added_file_is_named(void **state)
{
	unit_folder_text(*state, "serde-1.0.1/build.rs", "fn main() {}\n");
	assert_refused(*state, "serde-1.0.1/build.rs was added");
}

static void seal_check_file_added_behind_all_others_is_named(void **state)
{
	unit_folder_text(*state, "zzz", "");
	assert_refused(*state, "zzz was added");
}

static void seal_check_missing_file_is_named(void **state)
{
	struct unit_folder *folder = *state;

	assert_int_equal(unlinkat(folder->fd, "serde-1.0.1/z.rs", 0), 0);
	assert_refused(folder, "serde-1.0.1/z.rs was taken away");
}

static void seal_check_file_that_became_a_link_is_named(void **state)
{
	unit_folder_link(*state, "serde-1.0.1/lib.rs", "z.rs");
	assert_refused(*state, "serde-1.0.1/lib.rs was changed");
}

static void seal_check_changed_mode_is_named(void **state)
{
	struct unit_folder *folder = *state;

	assert_int_equal(fchmodat(folder->fd, "serde-1.0.1/z.rs", 0755, 0), 0);
	assert_refused(folder, "serde-1.0.1/z.rs was changed");
}

static void seal_check_missing_or_cut_list_is_refused(void **state)
{
	struct unit_folder *folder = *state;

	unit_folder_text(folder, "sealed", "");
	assert_refused(folder, "serde-1.0.1 was added");
	assert_int_equal(unlinkat(folder->fd, "sealed", 0), 0);
	assert_refused(folder, "sealed is gone");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(seal_check_untouched_folder_is_good),
		TEST(seal_check_changed_byte_is_named),
		TEST(seal_check_added_file_is_named),
		TEST(seal_check_file_added_behind_all_others_is_named),
		TEST(seal_check_missing_file_is_named),
		TEST(seal_check_file_that_became_a_link_is_named),
		TEST(seal_check_changed_mode_is_named),
		TEST(seal_check_missing_or_cut_list_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
