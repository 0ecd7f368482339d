/*
 * An image that was made, signed, and then tampered with. Every test starts from one that verifies,
 * so that what is refused is refused for the change.
 */
#include "unit_image.h"

#include "image/tree_list.h"
#include "image/verify.h"

static int setup(void **state)
{
	*state = unit_image_new();
	return 0;
}

static int teardown(void **state)
{
	unit_image_free(*state);
	return 0;
}

static struct verdict verify_forms(struct unit_image *image, unsigned forms, uint64_t now_sec)
{
	struct verdict verdict, again;
	struct error err = {0};
	uint8_t bytes[VERDICT_BYTES];

	assert_int_equal(image_verify_folder(image->folder->path, &image->keys, forms, now_sec,
					     &verdict, &err),
			 0);
	/* Whatever is found out can be told. */
	verdict_encode(&verdict, bytes);
	if (verdict_decode(bytes, sizeof(bytes), &again, &err) < 0)
		fail_msg("%s", err.text);
	assert_memory_equal(&verdict, &again, sizeof(verdict));
	return verdict;
}

static void expect_at(struct unit_image *image, uint64_t now_sec, enum verdict_code code,
		      const char *words)
{
	struct verdict verdict = verify_forms(image, 0, now_sec);
	char sentence[VERDICT_SENTENCE_MAX];

	verdict_sentence(&verdict, "IMAGE", sentence);
	if (verdict.code != code || !strstr(sentence, words) || !strstr(sentence, "image IMAGE "))
		fail_msg("%s: %s; not %s: %s", verdict_word(verdict.code), sentence,
			 verdict_word(code), words);
}

static void expect(struct unit_image *image, enum verdict_code code, const char *words)
{
	expect_at(image, UNIT_NOW, code, words);
}

static void expect_ok(struct unit_image *image)
{
	expect(image, VERDICT_OK, "as it was signed");
}

static void image_verify_of_what_was_signed_is_ok(void **state)
{
	struct unit_image *image = *state;
	struct verdict verdict = verify_forms(image, 0, UNIT_NOW);

	assert_int_equal(verdict.code, VERDICT_OK);
	assert_string_equal(verdict.signer, "test");
	assert_int_equal(verdict.record.forms, RECORD_TREE);
	assert_string_equal(verdict.record.name, "test");
	assert_int_equal(verdict.record.signed_sec, UNIT_NOW);
}

/* ---- the tree ---- */

enum tree_change {
	FLIPPED,
	LONGER,
	ADDED_FILE,
	ADDED_LAST,
	ADDED_FOLDER,
	REMOVED,
	REMOVED_LAST,
	MODE,
	MODE_OF_FOLDER,
	TARGET,
	OTHER_TYPE,
	PIPE,
	TREE_CHANGES
};

/* What the message says of each. */
static const char *const tree_words[TREE_CHANGES] = {
	[FLIPPED] = "(bin/tool has other bytes)",
	[LONGER] = "(etc/conf has other bytes)",
	[ADDED_FILE] = "(etc/added was added)",
	[ADDED_LAST] = "(zzz was added)",
	[ADDED_FOLDER] = "(added was added)",
	[REMOVED] = "(etc/conf is missing)",
	[REMOVED_LAST] = "(zlast is missing)",
	[MODE] = "(bin/tool has another mode)",
	[MODE_OF_FOLDER] = "(etc has another mode)",
	[TARGET] = "(sh points elsewhere)",
	[OTHER_TYPE] = "(zlast is of another type)",
	[PIPE] = "(etc/pipe is neither a file nor a folder nor a link)",
};

static void change_tree(struct unit_folder *folder, enum tree_change change)
{
	if (change == FLIPPED)
		unit_folder_text(folder, "root/bin/tool", "#!/bin/trUe\n");
	else if (change == LONGER)
		unit_folder_text(folder, "root/etc/conf", "a=b\nc=d\n");
	else if (change == ADDED_FILE)
		unit_folder_text(folder, "root/etc/added", "");
	else if (change == ADDED_LAST)
		unit_folder_text(folder, "root/zzz", "");
	else if (change == ADDED_FOLDER)
		unit_folder_mkdir(folder, "root/added");
	else if (change == REMOVED)
		assert_int_equal(unlinkat(folder->fd, "root/etc/conf", 0), 0);
	else if (change == MODE)
		assert_int_equal(fchmodat(folder->fd, "root/bin/tool", 04755, 0), 0);
	else if (change == MODE_OF_FOLDER)
		assert_int_equal(fchmodat(folder->fd, "root/etc", 0775, 0), 0);
	else if (change == TARGET)
		unit_folder_link(folder, "root/sh", "bin/evil");
	else if (change == PIPE)
		assert_int_equal(mkfifoat(folder->fd, "root/etc/pipe", 0644), 0);
	else
		assert_int_equal(unlinkat(folder->fd, "root/zlast", 0), 0);
	if (change == OTHER_TYPE)
		unit_folder_mkdir(folder, "root/zlast");
}

static void image_verify_of_a_changed_tree_names_the_file(void **state)
{
	(void)state;
	for (enum tree_change change = FLIPPED; change < TREE_CHANGES; change++) {
		struct unit_image *image = unit_image_new();
		expect_ok(image);
		change_tree(image->folder, change);
		expect(image, VERDICT_ALTERED_TREE, tree_words[change]);
		unit_image_free(image);
	}
}

/* The list names what differs. What is taken is decided by the signed hash alone. */
static void image_verify_without_the_list_refuses_all_the_same(void **state)
{
	struct unit_image *image = *state;
	struct tree_hash hash;

	assert_int_equal(unlinkat(image->folder->fd, TREE_LIST_FILE, 0), 0);
	expect_ok(image);
	change_tree(image->folder, FLIPPED);
	expect(image, VERDICT_ALTERED_TREE, "in root/ was changed, added or removed");

	/* One that was made to fit the changed tree. */
	int root_fd = openat(image->folder->fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_list_make(image->folder->fd, root_fd, &hash, NULL), 0);
	close(root_fd);
	expect(image, VERDICT_ALTERED_TREE, "in root/ was changed, added or removed");
	unit_folder_text(image->folder, "root/bin/tool", "#!/bin/true\n");
	expect_ok(image);
}

static void image_verify_without_a_tree_is_unreadable(void **state)
{
	struct unit_image *image = *state;

	expect_ok(image);
	assert_int_equal(renameat(image->folder->fd, "root", image->folder->fd, "away"), 0);
	expect(image, VERDICT_UNREADABLE, "cannot be opened");
	unit_folder_link(image->folder, "root", "away");
	expect(image, VERDICT_UNREADABLE, "cannot be opened");
}

/* ---- documents ---- */

static void image_verify_of_changed_documents_is_refused(void **state)
{
	struct unit_image *image = *state;

	expect_ok(image);
	unit_folder_text(image->folder, "manifest.json", "{\"schema\": 2}");
	expect(image, VERDICT_ALTERED_DOCUMENTS, "manifest.json or another file");
	unit_folder_text(image->folder, "manifest.json", "{\"schema\": 1}");
	expect_ok(image);
	unit_folder_text(image->folder, "bom.json", "");
	expect(image, VERDICT_ALTERED_DOCUMENTS, "added or removed");
	unlinkat(image->folder->fd, "bom.json", 0);
	unlinkat(image->folder->fd, "packages.json", 0);
	expect(image, VERDICT_ALTERED_DOCUMENTS, "added or removed");
	unit_folder_link(image->folder, "packages.json", "/etc/passwd");
	expect(image, VERDICT_ALTERED_DOCUMENTS, "packages.json is a symbolic link");
	unlinkat(image->folder->fd, "packages.json", 0);
	unit_folder_text(image->folder, "packages.json", "[]");
	expect_ok(image);
	unlinkat(image->folder->fd, "manifest.json", 0);
	expect(image, VERDICT_ALTERED_DOCUMENTS, "there is no manifest.json");
}

/* ---- the record ---- */

typedef void record_change(struct image_record *record);

static void other_name(struct image_record *record)
{
	record->name[0] = 'b';
}

static void other_form(struct image_record *record)
{
	record->forms |= RECORD_EROFS;
	record->erofs_bytes = 1;
	record->erofs_sha256[0] = 1;
}

static void younger(struct image_record *record)
{
	record->baked_sec++;
}

static void signed_later(struct image_record *record)
{
	record->signed_sec++;
}

static void living_longer(struct image_record *record)
{
	record->expires_sec = 0;
}

static void other_id(struct image_record *record)
{
	record->id[31] ^= 1;
}

static void other_tree(struct image_record *record)
{
	record->tree_sha256[0] ^= 1;
}

static void other_documents(struct image_record *record)
{
	record->documents_sha256[0] ^= 1;
}

static void other_signature(struct image_record *record)
{
	record->signature[63] ^= 1;
}

static void other_key(struct image_record *record)
{
	record->key_id[0] ^= 1;
}

static void no_signature(struct image_record *record)
{
	memset(record->signature, 0, sizeof(record->signature));
}

static void image_verify_of_a_changed_record_is_refused(void **state)
{
	static const struct {
		record_change *change;
		enum verdict_code code;
		const char *words;
	} rows[] = {
		{other_name, VERDICT_BAD_SIGNATURE, "altered"},
		{other_form, VERDICT_BAD_SIGNATURE, "altered"},
		{younger, VERDICT_BAD_SIGNATURE, "altered"},
		{signed_later, VERDICT_BAD_SIGNATURE, "altered"},
		{living_longer, VERDICT_BAD_SIGNATURE, "altered"},
		{other_id, VERDICT_BAD_SIGNATURE, "altered"},
		{other_tree, VERDICT_BAD_SIGNATURE, "altered"},
		{other_documents, VERDICT_BAD_SIGNATURE, "altered"},
		{other_signature, VERDICT_BAD_SIGNATURE, "altered"},
		{other_key, VERDICT_UNKNOWN_KEY, "not trusted here (key "},
		{no_signature, VERDICT_UNSIGNED, "sandlot image sign"},
	};
	struct unit_image *image = *state;
	struct image_record good, changed;

	assert_int_equal(record_read(image->folder->fd, &good, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(record_write(image->folder->fd, &good, NULL), 0);
		expect_ok(image);
		changed = good;
		rows[i].change(&changed);
		assert_int_equal(record_write(image->folder->fd, &changed, NULL), 0);
		expect(image, rows[i].code, rows[i].words);
	}
}

static void image_verify_of_what_is_no_record_is_refused(void **state)
{
	struct unit_image *image = *state;
	uint8_t bytes[RECORD_BYTES + 1] = {0};

	expect_ok(image);
	assert_int_equal(unit_folder_read(image->folder, RECORD_FILE, bytes, sizeof(bytes)),
			 RECORD_BYTES);
	unit_folder_write(image->folder, RECORD_FILE, bytes, RECORD_BYTES - 1);
	expect(image, VERDICT_BAD_RECORD, "511 bytes");
	unit_folder_write(image->folder, RECORD_FILE, bytes, RECORD_BYTES + 1);
	expect(image, VERDICT_BAD_RECORD, "more than 512 bytes");
	unit_folder_text(image->folder, RECORD_FILE, "");
	expect(image, VERDICT_BAD_RECORD, "0 bytes");
	bytes[0] ^= 1;
	unit_folder_write(image->folder, RECORD_FILE, bytes, RECORD_BYTES);
	expect(image, VERDICT_BAD_RECORD, "is no record");
	bytes[0] ^= 1;
	unit_folder_write(image->folder, "elsewhere", bytes, RECORD_BYTES);
	unit_folder_link(image->folder, RECORD_FILE, "elsewhere");
	expect(image, VERDICT_BAD_RECORD, "symbolic link");
}

/* Without a signature nothing says who made it; what it says of itself must hold even so. */
static void image_verify_of_an_unsigned_image_says_so(void **state)
{
	struct unit_image *image = *state;
	struct image_record record;

	expect_ok(image);
	assert_int_equal(record_read(image->folder->fd, &record, NULL), 0);
	no_signature(&record);
	assert_int_equal(record_write(image->folder->fd, &record, NULL), 0);
	expect(image, VERDICT_UNSIGNED, "--allow-unsigned");
	assert_true(verify_forms(image, 0, UNIT_NOW).has_record);
	change_tree(image->folder, FLIPPED);
	expect(image, VERDICT_ALTERED_TREE, tree_words[FLIPPED]);
	assert_int_equal(unlinkat(image->folder->fd, RECORD_FILE, 0), 0);
	expect(image, VERDICT_UNSIGNED, "there is no image.record");
	assert_false(verify_forms(image, 0, UNIT_NOW).has_record);
}

/* ---- keys and ages ---- */

static void image_verify_of_a_key_taken_out_is_unknown(void **state)
{
	struct unit_image *image = *state;

	expect_ok(image);
	assert_int_equal(unlinkat(image->keys.fd, "test.pub", 0), 0);
	expect(image, VERDICT_UNKNOWN_KEY, "folder of keys");
	/* One that is there and cannot be read may be the one that is missed. */
	unit_folder_text(image->home, "keys/other.pub", "sandlot-key 1\nname: other\r\n");
	expect(image, VERDICT_UNKNOWN_KEY, "other.pub:2: ");
}

static void image_verify_of_anothers_signature_is_refused(void **state)
{
	struct unit_image *image = *state;
	struct public_key trusted = image->key;
	struct image_record record;

	expect_ok(image);
	unit_image_key(image, "stranger", 0);
	assert_int_equal(unlinkat(image->keys.fd, "stranger.pub", 0), 0);
	assert_int_equal(record_read(image->folder->fd, &record, NULL), 0);
	unit_image_sign_as(image, &image->key, image->private, &record);
	expect(image, VERDICT_UNKNOWN_KEY, "not trusted here");
	/* The stranger's signature under the name of a key that is trusted. */
	unit_image_sign_as(image, &trusted, image->private, &record);
	expect(image, VERDICT_BAD_SIGNATURE, "altered");
}

static void image_verify_of_an_expired_key_or_image_is_refused(void **state)
{
	struct unit_image *image = *state;

	expect_at(image, UNIT_NOW + 5 * UNIT_DAY - 1, VERDICT_OK, "as it was signed");
	expect_at(image, UNIT_NOW + 5 * UNIT_DAY, VERDICT_IMAGE_EXPIRED,
		  "has expired (on 2026-01-06)");
	unit_image_sign(image, 0);
	expect_at(image, UNIT_NOW + 10 * UNIT_DAY - 1, VERDICT_OK, "as it was signed");
	expect_at(image, UNIT_NOW + 10 * UNIT_DAY, VERDICT_KEY_EXPIRED, "(test, on 2026-01-11)");
}

/* Who is about to sign wants to know whether the record is true, whoever signed it before. */
static void image_verify_without_keys_looks_at_the_content_alone(void **state)
{
	struct unit_image *image = *state;
	struct verdict verdict;

	assert_int_equal(unlinkat(image->keys.fd, "test.pub", 0), 0);
	assert_int_equal(image_verify_folder(image->folder->path, NULL, 0, UNIT_NOW + 99 * UNIT_DAY,
					     &verdict, NULL),
			 0);
	assert_int_equal(verdict.code, VERDICT_UNSIGNED);
	assert_true(verdict.has_record);
	change_tree(image->folder, MODE);
	assert_int_equal(
		image_verify_folder(image->folder->path, NULL, 0, UNIT_NOW, &verdict, NULL), 0);
	assert_int_equal(verdict.code, VERDICT_ALTERED_TREE);
}

/* ---- EROFS ---- */

static void image_verify_of_a_changed_erofs_file_is_refused(void **state)
{
	struct unit_image *image = *state;

	assert_int_equal(verify_forms(image, RECORD_EROFS, UNIT_NOW).code, VERDICT_OTHER_FORM);
	unit_folder_text(image->folder, RECORD_EROFS_NAME, "not really one");
	assert_int_equal(verify_forms(image, RECORD_EROFS, UNIT_NOW).code, VERDICT_OTHER_FORM);
	unit_image_sign(image, 0);
	expect_ok(image);
	assert_int_equal(verify_forms(image, RECORD_EROFS, UNIT_NOW).code, VERDICT_OK);
	unit_folder_text(image->folder, RECORD_EROFS_NAME, "not ReallY one");
	expect(image, VERDICT_ALTERED_EROFS, "image.erofs has other bytes");
	assert_int_equal(verify_forms(image, RECORD_TREE, UNIT_NOW).code, VERDICT_OK);
	unit_folder_text(image->folder, RECORD_EROFS_NAME, "not really one ");
	expect(image, VERDICT_ALTERED_EROFS, "image.erofs has another size");
	unit_folder_text(image->folder, RECORD_EROFS_NAME, "not really one");
	change_tree(image->folder, ADDED_FILE);
	assert_int_equal(verify_forms(image, RECORD_TREE, UNIT_NOW).code, VERDICT_ALTERED_TREE);
	assert_int_equal(verify_forms(image, RECORD_EROFS, UNIT_NOW).code, VERDICT_OK);
}

/* ---- quickly ---- */

static struct verdict quick_of(struct unit_image *image, int manifest_fd)
{
	int root_fd = openat(image->folder->fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct image_verify request = {
		.folder_fd = image->folder->fd,
		.content_fd = root_fd,
		.manifest_fd = manifest_fd,
		.form = RECORD_TREE,
		.is_quick = 1,
		.keys = &image->keys,
		.now_sec = UNIT_NOW,
	};
	struct verdict verdict;

	image_verify(&request, &verdict);
	close(root_fd);
	return verdict;
}

/* A stamp is made of what a full look found; the quick look fits it as long as nothing changes. */
static void image_verify_quickly_fits_the_stamp_until_something_changes(void **state)
{
	struct unit_image *image = *state;
	struct verdict full;

	do /* until what was made just now is old enough */
		full = verify_forms(image, 0, UNIT_NOW);
	while (!verdict_fits(&full, full.quick));
	struct verdict quick = quick_of(image, -EBADF);
	assert_int_equal(quick.code, VERDICT_OK);
	assert_true(verdict_fits(&quick, full.quick));

	change_tree(image->folder, FLIPPED);
	quick = quick_of(image, -EBADF);
	assert_int_equal(quick.code, VERDICT_OK); /* it did not look: the stamp tells */
	assert_false(verdict_fits(&quick, full.quick));
	unit_folder_text(image->folder, "root/bin/tool", "#!/bin/true\n");
	quick = quick_of(image, -EBADF);
	assert_false(verdict_fits(&quick, full.quick));
	expect_ok(image);
}

static void image_verify_quickly_looks_at_signature_and_documents(void **state)
{
	struct unit_image *image = *state;

	assert_int_equal(quick_of(image, -EBADF).code, VERDICT_OK);
	unit_folder_text(image->folder, "manifest.json", "{}");
	assert_int_equal(quick_of(image, -EBADF).code, VERDICT_ALTERED_DOCUMENTS);
	unit_folder_text(image->folder, "manifest.json", "{\"schema\": 1}");
	assert_int_equal(quick_of(image, -EBADF).code, VERDICT_OK);
	assert_int_equal(unlinkat(image->keys.fd, "test.pub", 0), 0);
	assert_int_equal(quick_of(image, -EBADF).code, VERDICT_UNKNOWN_KEY);
}

static void image_verify_folder_quick_reads_no_content(void **state)
{
	struct unit_image *image = *state;
	struct verdict verdict;

	change_tree(image->folder, FLIPPED);
	assert_int_equal(image_verify_folder_quick(image->folder->path, &image->keys, UNIT_NOW,
						   &verdict, NULL),
			 0);
	assert_int_equal(verdict.code, VERDICT_OK);
	expect(image, VERDICT_ALTERED_TREE, tree_words[FLIPPED]);
	unit_folder_text(image->folder, "manifest.json", "{}");
	assert_int_equal(image_verify_folder_quick(image->folder->path, &image->keys, UNIT_NOW,
						   &verdict, NULL),
			 0);
	assert_int_equal(verdict.code, VERDICT_ALTERED_DOCUMENTS);
	assert_int_equal(
		image_verify_folder_quick("/nowhere", &image->keys, UNIT_NOW, &verdict, NULL),
		-ENOENT);
}

/* The file that is verified is the one the front end gets, not one of the same name. */
static void image_verify_hashes_the_manifest_it_is_given(void **state)
{
	struct unit_image *image = *state;

	unit_folder_text(image->folder, "evil", "{\"schema\": 3}");
	int good_fd = openat(image->folder->fd, "manifest.json", O_RDONLY | O_CLOEXEC);
	int evil_fd = openat(image->folder->fd, "evil", O_RDONLY | O_CLOEXEC);
	assert_int_equal(quick_of(image, good_fd).code, VERDICT_OK);
	assert_int_equal(quick_of(image, evil_fd).code, VERDICT_ALTERED_DOCUMENTS);
	close(good_fd);
	close(evil_fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(image_verify_of_what_was_signed_is_ok),
		cmocka_unit_test(image_verify_of_a_changed_tree_names_the_file),
		TEST(image_verify_without_the_list_refuses_all_the_same),
		TEST(image_verify_without_a_tree_is_unreadable),
		TEST(image_verify_of_changed_documents_is_refused),
		TEST(image_verify_of_a_changed_record_is_refused),
		TEST(image_verify_of_what_is_no_record_is_refused),
		TEST(image_verify_of_an_unsigned_image_says_so),
		TEST(image_verify_of_a_key_taken_out_is_unknown),
		TEST(image_verify_of_anothers_signature_is_refused),
		TEST(image_verify_of_an_expired_key_or_image_is_refused),
		TEST(image_verify_without_keys_looks_at_the_content_alone),
		TEST(image_verify_of_a_changed_erofs_file_is_refused),
		TEST(image_verify_quickly_fits_the_stamp_until_something_changes),
		TEST(image_verify_quickly_looks_at_signature_and_documents),
		TEST(image_verify_folder_quick_reads_no_content),
		TEST(image_verify_hashes_the_manifest_it_is_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
