/* Who signed a record, as far as the trusted keys tell. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "image/key_files.h"
#include "image/sign.h"
#include "store/signers.h"
#include "unit_folder.h"

#define DAY UINT64_C(86400)
#define NOW (20000 * DAY)

struct world {
	struct unit_folder *folder;
	struct key_files files;
	struct signers signers;
	struct image_record record;
};

/* The record, signed with a key made for it that is trusted until expires_sec. */
static void sign(struct world *world, const char *name, uint64_t expires_sec)
{
	struct public_key key;
	EVP_PKEY *private;

	assert_int_equal(key_files_make(&world->files, name, NOW, expires_sec, &key, NULL), 0);
	assert_int_equal(key_files_read_private(&world->files, name, &key, &private, NULL), 0);
	assert_int_equal(record_sign(&world->record, &key, private, NOW, NULL), 0);
	EVP_PKEY_free(private);
	signers_fini(&world->signers);
	assert_int_equal(signers_open(&world->signers, world->folder->path, NULL), 0);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->folder = unit_folder_new();
	world->files = KEY_FILES_NONE;
	assert_int_equal(key_files_open(&world->files, world->folder->path, NULL), 0);
	world->record = (struct image_record){.name = "demo", .forms = RECORD_TREE};
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	signers_fini(&world->signers);
	key_files_close(&world->files);
	unit_folder_free(world->folder);
	free(world);
	return 0;
}

static void expect(const struct world *world, uint64_t now_sec, enum signer_state state,
		   const char *key_name)
{
	const struct public_key *key;

	assert_int_equal(signers_check(&world->signers, &world->record, now_sec, &key), state);
	if (key_name)
		assert_string_equal(key->name, key_name);
	else
		assert_null(key);
}

static void signers_check_trusted_key_is_named(void **state)
{
	struct world *world = *state;

	expect(world, NOW, SIGNER_NONE, NULL);
	sign(world, "ann", 0);
	sign(world, "bob", 0);
	expect(world, NOW, SIGNER_TRUSTED, "bob");
	assert_int_equal(world->signers.count, 2);
	unit_folder_text(world->folder, "broken.pub", "no key");
	signers_fini(&world->signers);
	assert_int_equal(signers_open(&world->signers, world->folder->path, NULL), 0);
	expect(world, NOW, SIGNER_TRUSTED, "bob");
}

static void signers_check_altered_record_is_wrong(void **state)
{
	struct world *world = *state;

	sign(world, "ann", 0);
	world->record.baked_sec++;
	expect(world, NOW, SIGNER_WRONG, "ann");
	world->record.key_id[0] ^= 1;
	expect(world, NOW, SIGNER_UNKNOWN, NULL);
}

static void signers_check_both_ages_count(void **state)
{
	struct world *world = *state;

	sign(world, "ann", NOW + 10 * DAY);
	expect(world, NOW + 10 * DAY - 1, SIGNER_TRUSTED, "ann");
	expect(world, NOW + 10 * DAY, SIGNER_KEY_EXPIRED, "ann");
	world->record.expires_sec = NOW + 5 * DAY;
	sign(world, "bob", 0);
	expect(world, NOW + 5 * DAY - 1, SIGNER_TRUSTED, "bob");
	expect(world, NOW + 5 * DAY, SIGNER_RECORD_EXPIRED, "bob");
}

static void signers_open_no_folder_is_no_keys(void **state)
{
	struct world *world = *state;

	assert_int_equal(signers_open(&world->signers, "/nowhere/at/all", NULL), 0);
	assert_int_equal(world->signers.count, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(signers_check_trusted_key_is_named),
		TEST(signers_check_altered_record_is_wrong),
		TEST(signers_check_both_ages_count),
		TEST(signers_open_no_folder_is_no_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
