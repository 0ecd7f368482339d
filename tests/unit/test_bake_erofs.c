/* The EROFS form: the same tree gives the same bytes. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/erofs.h"
#include "bake/path.h"
#include "bake/tree.h"
#include "image/digest.h"

enum { FILES = 200, EPOCH = 1735689600 };

static const uint8_t tree_hash[RECORD_HASH_BYTES] = {0x12, 0x34, 0x56, 0x78, 0x9a};

static int setup(void **state)
{
	struct path *folder = calloc(1, sizeof(*folder));

	assert_int_equal(path_format(folder, NULL, "/tmp/sandlot-unit-XXXXXX"), 0);
	assert_non_null(mkdtemp(folder->text));
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	tree_remove(((struct path *)*state)->text, NULL);
	free(*state);
	return 0;
}

static struct path below(void **state, const char *name)
{
	struct path path;

	assert_int_equal(path_format(&path, NULL, "%s/%s", ((struct path *)*state)->text, name), 0);
	return path;
}

/* Files whose names depend on step are made in another order for each step. */
static struct path make_tree(void **state, const char *name, size_t step)
{
	struct path top = below(state, name), folder, path, other;

	assert_int_equal(path_format(&folder, NULL, "%s/folder", top.text), 0);
	assert_int_equal(path_make_folders(folder.text, NULL), 0);
	for (size_t i = 0; i < FILES; i++) {
		size_t n = i * step % FILES;
		assert_int_equal(path_format(&path, NULL, "%s/%zu", folder.text, n), 0);
		assert_int_equal(path_write_file(path.text, n % 2 ? 0644 : 0755,
						 path.text + strlen(top.text),
						 strlen(path.text) - strlen(top.text), NULL),
				 0);
	}
	assert_int_equal(path_format(&other, NULL, "%s/again", top.text), 0);
	assert_int_equal(link(path.text, other.text), 0);
	assert_int_equal(unlink(other.text), 0);
	assert_int_equal(path_format(&path, NULL, "%s/folder/7", top.text), 0);
	assert_int_equal(link(path.text, other.text), 0);
	assert_int_equal(path_format(&path, NULL, "%s/link", top.text), 0);
	assert_int_equal(symlink("folder/3", path.text), 0);
	return top;
}

static struct image_record make_image(const struct path *tree, const char *suffix, int64_t epoch)
{
	struct image_record record = {.forms = RECORD_TREE};
	struct error err = {.text = ""};
	struct path file;

	assert_int_equal(path_format(&file, NULL, "%s%s", tree->text, suffix), 0);
	const struct erofs_spec spec = {
		.root = tree->text, .file = file.text, .epoch = epoch, .tree_sha256 = tree_hash};
	if (erofs_make(&spec, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(erofs_measure(file.text, &record, NULL), 0);
	return record;
}

static void erofs_make_same_tree_gives_the_same_bytes(void **state)
{
	struct path a = make_tree(state, "a", 1), b = make_tree(state, "b", 77), outside;
	struct path file = below(state, "b/folder/5");

	/* A link from outside, as the cache's layers have one, is not part of the tree. */
	outside = below(state, "outside");
	assert_int_equal(link(file.text, outside.text), 0);
	struct image_record first = make_image(&a, ".1", EPOCH);
	struct image_record again = make_image(&a, ".2", EPOCH);
	struct image_record other = make_image(&b, ".1", EPOCH);
	assert_memory_equal(first.erofs_sha256, again.erofs_sha256, RECORD_HASH_BYTES);
	assert_memory_equal(first.erofs_sha256, other.erofs_sha256, RECORD_HASH_BYTES);
	struct image_record later = make_image(&a, ".3", EPOCH + 1);
	assert_memory_not_equal(first.erofs_sha256, later.erofs_sha256, RECORD_HASH_BYTES);
}

static void erofs_measure_fills_in_the_record(void **state)
{
	struct path tree = make_tree(state, "a", 1), file = below(state, "a.1");
	struct image_record record = make_image(&tree, ".1", EPOCH);
	struct stat st;
	char hex[DIGEST_HEX_SIZE], in_record[DIGEST_HEX_SIZE];

	assert_int_equal(stat(file.text, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(record.erofs_bytes, st.st_size);
	assert_int_equal(record.forms, RECORD_TREE | RECORD_EROFS);
	assert_int_equal(digest_file(file.text, hex, NULL, NULL), 0);
	record_hex(record.erofs_sha256, in_record);
	assert_string_equal(hex, in_record);
}

static void erofs_make_failure_leaves_no_file(void **state)
{
	struct path tree = below(state, "absent"), file = below(state, "absent.erofs");
	const struct erofs_spec spec = {
		.root = tree.text, .file = file.text, .epoch = EPOCH, .tree_sha256 = tree_hash};
	struct error err = {.text = ""};

	assert_int_equal(erofs_make(&spec, &err), -EIO);
	assert_non_null(strstr(err.text, file.text));
	assert_false(path_exists(file.text));
}

static void erofs_make_existing_file_is_kept(void **state)
{
	struct path tree = make_tree(state, "a", 1), file = below(state, "kept");
	const struct erofs_spec spec = {
		.root = tree.text, .file = file.text, .epoch = EPOCH, .tree_sha256 = tree_hash};

	assert_int_equal(path_write_file(file.text, 0644, "kept", 4, NULL), 0);
	assert_int_equal(erofs_make(&spec, NULL), -EEXIST);
	assert_true(path_exists(file.text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(erofs_make_same_tree_gives_the_same_bytes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(erofs_measure_fills_in_the_record, setup, teardown),
		cmocka_unit_test_setup_teardown(erofs_make_failure_leaves_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(erofs_make_existing_file_is_kept, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
