/* The signature of images that a bake made or found. links: bake */
#include "unit_image.h"

#include "bake/sign.h"
#include "base/clock.h"
#include "image/key_choose.h"
#include "image/verify.h"

static const char id[] = "0101010101010101010101010101010101010101010101010101010101010101";

struct world {
	struct unit_image *image;
	struct progress progress;
	char keys[128];
};

static uint64_t now(void)
{
	return clock_real_usec() / USEC_PER_SEC;
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->image = unit_image_new();
	snprintf(world->keys, sizeof(world->keys), "%s/own", world->image->home->path);
	progress_init(&world->progress, 1, 0);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	unit_image_free(world->image);
	free(world);
	return 0;
}

static struct signer *open_signer(struct world *world, const char *key)
{
	struct signer *signer = NULL;
	struct error err = {0};

	if (signer_open(world->keys, key, &world->progress, &signer, &err) < 0)
		fail_msg("%s", err.text);
	return signer;
}

static void make_key(struct world *world, const char *name, uint64_t expires_sec)
{
	struct key_files files;
	struct public_key key;

	assert_int_equal(key_files_open(&files, world->keys, NULL), 0);
	assert_int_equal(key_files_make(&files, name, now(), expires_sec, &key, NULL), 0);
	key_files_close(&files);
}

static void remove_key(struct world *world, const char *name)
{
	char file[128];

	snprintf(file, sizeof(file), "own/%s.pub", name);
	assert_int_equal(unlinkat(world->image->home->fd, file, 0), 0);
	snprintf(file, sizeof(file), "own/%s.key", name);
	assert_int_equal(unlinkat(world->image->home->fd, file, 0), 0);
}

/* A new bake, over the image as it lies there. */
static void bake(struct world *world)
{
	const struct sign_image image = {world->image->folder->path, "test", id};
	struct signer *signer = open_signer(world, NULL);
	struct error err = {0};

	if (sign_new(signer, &image, &err) < 0)
		fail_msg("%s", err.text);
	signer_free(signer);
}

/* A bake that finds the image finished. */
static int bake_again(struct world *world, const char *key, struct error *err)
{
	const struct sign_image image = {world->image->folder->path, "test", id};
	struct signer *signer = open_signer(world, key);

	int r = sign_finished(signer, &image, &world->progress, err);
	signer_free(signer);
	return r;
}

static struct image_record record_of(struct world *world)
{
	struct image_record record;

	assert_int_equal(record_read(world->image->folder->fd, &record, NULL), 0);
	return record;
}

static void expect(struct world *world, enum verdict_code code, const char *signer)
{
	struct key_files files;
	struct verdict verdict;

	assert_int_equal(key_files_open(&files, world->keys, NULL), 0);
	assert_int_equal(
		image_verify_folder(world->image->folder->path, &files, 0, now(), &verdict, NULL),
		0);
	assert_string_equal(verdict_word(verdict.code), verdict_word(code));
	assert_string_equal(verdict.signer, signer);
	key_files_close(&files);
}

static void sign_new_describes_and_signs(void **state)
{
	struct world *world = *state;
	uint64_t before = now();

	make_key(world, "mine", 0);
	bake(world);
	struct image_record record = record_of(world);
	assert_string_equal(record.name, "test");
	assert_int_equal(record.forms, RECORD_TREE);
	assert_true(record.baked_sec >= before && record.baked_sec <= now());
	assert_int_equal(record.expires_sec, 0);
	expect(world, VERDICT_OK, "mine");
}

/* It goes by the signature and reads no tree: that of a gigabyte would take a second. */
static void sign_finished_of_a_signed_image_is_quick(void **state)
{
	struct world *world = *state;

	make_key(world, "mine", 0);
	bake(world);
	struct image_record before = record_of(world);
	unit_folder_text(world->image->folder, "root/bin/tool", "#!/bin/trUe\n");
	assert_int_equal(bake_again(world, NULL, NULL), 0);
	struct image_record after = record_of(world);
	assert_memory_equal(&before, &after, sizeof(before));
	expect(world, VERDICT_ALTERED_TREE, "mine"); /* what a server finds */
}

static void sign_finished_without_a_record_makes_one(void **state)
{
	struct world *world = *state;
	const struct timespec times[2] = {{.tv_sec = UNIT_NOW}, {.tv_sec = UNIT_NOW}};

	make_key(world, "mine", 0);
	assert_int_equal(unlinkat(world->image->folder->fd, RECORD_FILE, 0), 0);
	assert_int_equal(utimensat(world->image->folder->fd, "manifest.json", times, 0), 0);
	assert_int_equal(bake_again(world, NULL, NULL), 0);
	assert_int_equal(record_of(world).baked_sec, UNIT_NOW);
	expect(world, VERDICT_OK, "mine");
}

static void sign_finished_whose_key_is_gone_is_signed_again(void **state)
{
	struct world *world = *state;
	struct error err = {0};

	make_key(world, "old", 0);
	bake(world);
	struct image_record before = record_of(world);
	remove_key(world, "old");
	make_key(world, "new", 0);
	expect(world, VERDICT_UNKNOWN_KEY, "");

	/* A signature says that all of it is true: it is looked at first. */
	unit_folder_text(world->image->folder, "root/bin/tool", "#!/bin/trUe\n");
	assert_int_equal(bake_again(world, NULL, &err), -ESTALE);
	assert_non_null(strstr(err.text, world->image->folder->path));
	assert_non_null(strstr(err.text, "bin/tool has other bytes"));
	expect(world, VERDICT_UNKNOWN_KEY, "");

	unit_folder_text(world->image->folder, "root/bin/tool", "#!/bin/true\n");
	assert_int_equal(bake_again(world, NULL, NULL), 0);
	expect(world, VERDICT_OK, "new");
	assert_int_equal(record_of(world).baked_sec, before.baked_sec);
}

static void sign_finished_of_an_expired_image_lives_on(void **state)
{
	struct world *world = *state;
	struct key_files files;
	struct public_key key;
	EVP_PKEY *private;

	make_key(world, "mine", 0);
	bake(world);
	assert_int_equal(key_files_open(&files, world->keys, NULL), 0);
	assert_int_equal(key_files_read_private(&files, "mine", &key, &private, NULL), 0);
	struct image_record record = record_of(world);
	record.expires_sec = UNIT_NOW;
	unit_image_sign_as(world->image, &key, private, &record);
	EVP_PKEY_free(private);
	key_files_close(&files);
	expect(world, VERDICT_IMAGE_EXPIRED, "mine");
	assert_int_equal(bake_again(world, NULL, NULL), 0);
	expect(world, VERDICT_OK, "mine");
}

static void sign_finished_with_a_named_key_changes_the_signer(void **state)
{
	struct world *world = *state;

	make_key(world, "one", 0);
	bake(world);
	make_key(world, "two", 0);
	assert_int_equal(bake_again(world, "one", NULL), 0);
	expect(world, VERDICT_OK, "one");
	assert_int_equal(bake_again(world, "two", NULL), 0);
	expect(world, VERDICT_OK, "two");
}

static void expect_refused(struct world *world, const char *words)
{
	struct error err = {0};

	assert_int_equal(bake_again(world, NULL, &err), -ESTALE);
	assert_non_null(strstr(err.text, "and bake again"));
	if (!strstr(err.text, words))
		fail_msg("\"%s\" says nothing of \"%s\"", err.text, words);
}

static void sign_finished_of_what_was_altered_is_refused(void **state)
{
	struct world *world = *state;
	struct image_record good, bad;

	make_key(world, "mine", 0);
	bake(world);
	good = record_of(world);
	unit_folder_text(world->image->folder, "manifest.json", "{}");
	expect_refused(world, "altered-documents");
	unit_folder_text(world->image->folder, "manifest.json", "{\"schema\": 1}");
	assert_int_equal(bake_again(world, NULL, NULL), 0);

	bad = good;
	bad.baked_sec++;
	assert_int_equal(record_write(world->image->folder->fd, &bad, NULL), 0);
	expect_refused(world, "bad-signature");
	bad = good;
	memset(bad.signature, 0, sizeof(bad.signature));
	bad.id[0] ^= 1;
	assert_int_equal(record_write(world->image->folder->fd, &bad, NULL), 0);
	expect_refused(world, "another image");
	unit_folder_text(world->image->folder, RECORD_FILE, "");
	expect_refused(world, "bad-record");
}

static void signer_open_makes_the_first_key(void **state)
{
	struct world *world = *state;
	char host[RECORD_NAME_MAX];
	struct signer *signer;
	struct error err = {0};

	key_host_name(host);
	assert_int_equal(signer_open(world->keys, "none", &world->progress, &signer, &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "none.key"));
	bake(world);
	expect(world, VERDICT_OK, host);
	assert_int_equal(bake_again(world, NULL, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sign_new_describes_and_signs),
		TEST(sign_finished_of_a_signed_image_is_quick),
		TEST(sign_finished_without_a_record_makes_one),
		TEST(sign_finished_whose_key_is_gone_is_signed_again),
		TEST(sign_finished_of_an_expired_image_lives_on),
		TEST(sign_finished_with_a_named_key_changes_the_signer),
		TEST(sign_finished_of_what_was_altered_is_refused),
		TEST(signer_open_makes_the_first_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
