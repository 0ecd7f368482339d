/* Keys: their text, their files, and what is signed with them. */
#include "unit_folder.h"

#include "image/date.h"
#include "image/evp.h"
#include "image/key_choose.h"
#include "image/key_files.h"
#include "image/record.h"
#include "image/sign.h"

enum { NOW = 1767225600 }; /* 2026-01-01 */

static const char public_text[] = "sandlot-key 1\n"
				  "name: test\n"
				  "created: 2025-06-01\n"
				  "expires: 2027-06-01\n"
				  "ed25519: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n";

/* The first key of RFC 8032, section 7.1, as openssl writes it. */
static const char private_text[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
	"-----END PRIVATE KEY-----\n";

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

/* ---- dates ---- */

static void date_decode_takes_days_of_the_calendar_alone(void **state)
{
	static const char *const wrong[] = {"",		  "2026-1-01",	"2026-02-29", "2026-13-01",
					    "2026-00-01", "2026-01-00", "1969-12-31", "2026-01-1 ",
					    "2026/01/01", "20260101",	"2026-01-011"};
	uint64_t sec;
	char text[DATE_SIZE];

	(void)state;
	assert_int_equal(date_decode("2026-01-01", &sec), 0);
	assert_int_equal(sec, NOW);
	assert_int_equal(date_decode("2024-02-29", &sec), 0);
	assert_int_equal(date_decode("9999-12-31", &sec), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(date_decode(wrong[i], &sec), -EINVAL);
	date_encode(NOW + 86399, text);
	assert_string_equal(text, "2026-01-01");
	date_encode(UINT64_MAX, text);
	assert_string_equal(text, "9999-12-31");
}

static void date_expiry_takes_days_to_come_and_spans(void **state)
{
	static const char *const wrong[] = {"",	   "2",	  "d",	  "0d",	    "-1d",	 "2w",
					    "2 d", "2dd", "101y", "99999y", "2026-01-01"};
	struct error err = {0};
	uint64_t sec;

	(void)state;
	assert_int_equal(date_expiry("--expires", "90d", NOW + 5, &sec, NULL), 0);
	assert_int_equal(sec, NOW + 90 * 86400);
	assert_int_equal(date_expiry("--expires", "2y", NOW, &sec, NULL), 0);
	assert_int_equal(sec, NOW + 730 * 86400);
	assert_int_equal(date_expiry("--expires", "2026-01-02", NOW, &sec, NULL), 0);
	assert_int_equal(sec, NOW + 86400);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(date_expiry("--expires", wrong[i], NOW, &sec, &err), -EINVAL);
	assert_non_null(strstr(err.text, "--expires"));
}

/* ---- the text ---- */

static struct public_key key_of(const char *text)
{
	struct public_key key;
	struct error err = {0};

	if (key_decode("test.pub", text, strlen(text), &key, &err) < 0)
		fail_msg("%s", err.text);
	return key;
}

static void key_encode_of_decoded_gives_it_back(void **state)
{
	char text[KEY_TEXT_MAX], hex[2 * RECORD_HASH_BYTES + 1];
	struct public_key key = key_of(public_text);

	(void)state;
	assert_int_equal(key_encode(&key, text), strlen(public_text));
	assert_string_equal(text, public_text);
	record_hex(key.id, hex);
	assert_string_equal(hex,
			    "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9");
	assert_false(key_is_expired(&key, key.expires_sec - 1));
	assert_true(key_is_expired(&key, key.expires_sec));
	key.expires_sec = 0;
	assert_false(key_is_expired(&key, UINT64_MAX));
	key_encode(&key, text);
	assert_null(strstr(text, "expires"));
	assert_int_equal(key_of(text).expires_sec, 0);
}

#define HEAD "sandlot-key 1\nname: test\ncreated: 2025-06-01\n"
#define BYTES "ed25519: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"

static void key_decode_of_what_is_none_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"", "test.pub:1: the file ends"},
		{"sandlot-key 1", "test.pub:1: the file ends"},
		{"sandlot-key 2\n", "test.pub:1: this is no public key"},
		{"sandlot-key 1\r\n", "test.pub:1: the line is not plain"},
		{"sandlot-key 1\nname:test\n", "test.pub:2: there must be \"name: \""},
		{"sandlot-key 1\nname: Test\n", "test.pub:2: names are"},
		{"sandlot-key 1\nname: \n", "test.pub:2: names are"},
		{"sandlot-key 1\ncreated: 2025-06-01\n", "test.pub:2: there must be \"name: \""},
		{"sandlot-key 1\nname: test\ncreated: 2025-06-31\n",
		 "test.pub:3: this is not a day"},
		{HEAD, "test.pub:4: the file ends"},
		{HEAD "note: x\n", "test.pub:4: there must be \"expires: \" or"},
		{HEAD "expires: 2025-06-01\n" BYTES, "test.pub:4: the key expires before"},
		{HEAD "expires: never\n" BYTES, "test.pub:4: this is not a day"},
		{HEAD "expires: 2027-06-01\n", "test.pub:5: the file ends"},
		{HEAD "expires: 2027-06-01\nexpires: 2028-06-01\n" BYTES,
		 "test.pub:5: there must be"},
		{HEAD "ed25519: 11qYAYKx\n", "test.pub:4: these are not 32 bytes"},
		{HEAD "ed25519: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURr=\n",
		 "test.pub:4: these are not 32 bytes"},
		{HEAD "ed25519: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUR==\n",
		 "test.pub:4: these are not 32 bytes"},
		{HEAD "ed25519:  1qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n",
		 "test.pub:4: these are not 32 bytes"},
		{HEAD BYTES "\n", "test.pub:5: there must be nothing more"},
		{HEAD BYTES BYTES, "test.pub:5: there must be nothing more"},
	};
	struct public_key key;

	(void)state;
	key_of(HEAD BYTES);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = {0};
		int r = key_decode("test.pub", rows[i].text, strlen(rows[i].text), &key, &err);
		if (r != -EINVAL || strncmp(err.text, rows[i].words, strlen(rows[i].words)) != 0)
			fail_msg("row %zu: %d \"%s\", not \"%s\"", i, r, err.text, rows[i].words);
	}
}

/* ---- the files ---- */

static struct key_files files_of(struct unit_folder *folder, const char *below)
{
	struct key_files files;
	struct error err = {0};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", folder->path, below);
	if (key_files_open(&files, path, &err) < 0)
		fail_msg("%s", err.text);
	return files;
}

static mode_t mode_of(struct unit_folder *folder, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static void key_files_make_keeps_the_private_half_private(void **state)
{
	struct unit_folder *folder = *state;
	struct key_files files = files_of(folder, "/new/keys");
	struct public_key made, read;
	EVP_PKEY *private;
	mode_t before = umask(077);

	assert_int_equal(files.fd, -EBADF); /* not there yet */
	assert_int_equal(key_files_make(&files, "a", NOW + 7, NOW + 86400, &made, NULL), 0);
	umask(0);
	assert_int_equal(key_files_make(&files, "b", NOW, 0, &made, NULL), 0);
	umask(before);
	assert_int_equal(mode_of(folder, "new/keys"), 0755);
	for (const char *name = "a"; name; name = *name == 'a' ? "b" : NULL) {
		char file[32];
		snprintf(file, sizeof(file), "new/keys/%s.key", name);
		assert_int_equal(mode_of(folder, file), 0600);
		snprintf(file, sizeof(file), "new/keys/%s.pub", name);
		assert_int_equal(mode_of(folder, file), 0644);
	}
	assert_int_equal(key_files_read_private(&files, "b", &read, &private, NULL), 0);
	assert_memory_equal(&made, &read, sizeof(made));
	EVP_PKEY_free(private);
	key_files_close(&files);
}

static void key_files_make_never_writes_over_a_key(void **state)
{
	struct unit_folder *folder = *state;
	struct key_files files = files_of(folder, "");
	struct public_key key;
	struct error err = {0};
	char text[KEY_TEXT_MAX] = "";

	unit_folder_text(folder, "a.pub", "mine");
	unit_folder_text(folder, "b.key", "mine");
	assert_int_equal(key_files_make(&files, "a", NOW, 0, &key, &err), -EEXIST);
	assert_non_null(strstr(err.text, "a.pub"));
	assert_int_equal(key_files_make(&files, "b", NOW, 0, &key, &err), -EEXIST);
	assert_non_null(strstr(err.text, "b.key"));
	assert_int_equal(unit_folder_read(folder, "a.pub", text, sizeof(text)), 4);
	assert_memory_equal(text, "mine", 4);
	assert_int_equal(unit_folder_read(folder, "b.key", text, sizeof(text)), 4);
	assert_memory_equal(text, "mine", 4);
	/* Neither half of what was not made is left. */
	assert_int_equal(faccessat(folder->fd, "a.key", F_OK, 0), -1);
	assert_int_equal(faccessat(folder->fd, "b.pub", F_OK, 0), -1);
	assert_int_equal(key_files_make(&files, "../c", NOW, 0, &key, &err), -EINVAL);
	key_files_close(&files);
}

/* The pair of RFC 8032's first key. */
static void write_pair(struct unit_folder *folder)
{
	unit_folder_text(folder, "test.pub", public_text);
	unit_folder_text(folder, "test.key", private_text);
	assert_int_equal(fchmodat(folder->fd, "test.key", 0600, 0), 0);
}

static int read_private(struct unit_folder *folder, struct error *err)
{
	struct key_files files = files_of(folder, "");
	struct public_key key;
	EVP_PKEY *private = NULL;

	int r = key_files_read_private(&files, "test", &key, &private, err);
	EVP_PKEY_free(private);
	key_files_close(&files);
	return r;
}

static void key_files_read_private_that_others_can_read_is_refused(void **state)
{
	struct unit_folder *folder = *state;

	write_pair(folder);
	assert_int_equal(read_private(folder, NULL), 0);
	for (mode_t bit = 1; bit < 0100; bit <<= 1) {
		struct error err = {0};
		assert_int_equal(fchmodat(folder->fd, "test.key", 0600 | bit, 0), 0);
		assert_int_equal(read_private(folder, &err), -EPERM);
		assert_non_null(strstr(err.text, "test.key; chmod 600 it"));
	}
	assert_int_equal(fchmodat(folder->fd, "test.key", 0400, 0), 0);
	assert_int_equal(read_private(folder, NULL), 0);
}

static void expect_private_refused(struct unit_folder *folder, int code, const char *words)
{
	struct error err = {0};

	assert_int_equal(read_private(folder, &err), code);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" says nothing of \"%s\"", err.text, words);
}

static void key_files_read_private_of_what_is_none_is_refused(void **state)
{
	/* openssl genpkey -algorithm ed25519 -aes256 -pass pass:x; the same of X25519. */
	static const char *const wrong[] = {
		"",
		"-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
		"MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjttzoUL0WMjgICCAAw\n"
		"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEAXkfiANH19EdOJt4eXP4vYEQNKE\n"
		"jhN7agnje3PAeVcbovfU9iO2Kg9mEOQnySc1TSmM6IXO7Uxp7/o496puXaGEWd8w\n"
		"TtyiQSdFAUV7+0JxGdE=\n"
		"-----END ENCRYPTED PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VuBCIEIHCaCaEGWtcIsUsD7ggA/o5YKKmL2mM3nhjoq11Ez1ly\n"
		"-----END PRIVATE KEY-----\n",
	};
	struct unit_folder *folder = *state;
	struct public_key key;

	expect_private_refused(folder, -ENOENT, "test.key");
	write_pair(folder);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		unit_folder_text(folder, "test.key", wrong[i]);
		expect_private_refused(folder, -EINVAL, "test.key is not an unencrypted Ed25519");
	}
	unit_folder_text(folder, "test.key", private_text);
	assert_int_equal(unlinkat(folder->fd, "test.pub", 0), 0);
	expect_private_refused(folder, -ENOENT, "test.pub");

	struct key_files files = files_of(folder, "");
	assert_int_equal(key_files_make(&files, "other", NOW, 0, &key, NULL), 0);
	snprintf(key.name, sizeof(key.name), "test");
	char text[KEY_TEXT_MAX];
	key_encode(&key, text);
	unit_folder_text(folder, "test.pub", text);
	expect_private_refused(folder, -EINVAL, "do not belong together");
	key_files_close(&files);
}

static void key_files_find_looks_into_every_key(void **state)
{
	struct unit_folder *folder = *state;
	struct public_key key, wanted = key_of(public_text);
	struct error err = {0};

	struct key_files files = files_of(folder, "/none");
	assert_int_equal(key_files_find(&files, wanted.id, &key, &err), -ENOKEY);
	files = files_of(folder, "");
	assert_int_equal(key_files_make(&files, "other", NOW, 0, &key, NULL), 0);
	assert_int_equal(key_files_find(&files, wanted.id, &key, &err), -ENOKEY);
	assert_string_equal(err.text, "");

	/* One that is no key does not hide the others, and is told when it may have been it. */
	unit_folder_text(folder, "broken.pub", "sandlot-key 2\n");
	assert_int_equal(key_files_find(&files, wanted.id, &key, &err), -ENOKEY);
	assert_non_null(strstr(err.text, "broken.pub:1: "));
	unit_folder_text(folder, "test.pub", public_text);
	assert_int_equal(key_files_find(&files, wanted.id, &key, &err), 0);
	assert_memory_equal(&key, &wanted, sizeof(key));

	assert_int_equal(fchmodat(folder->fd, "test.pub", 0646, 0), 0);
	assert_int_equal(key_files_find(&files, wanted.id, &key, NULL), -ENOKEY);
	assert_int_equal(key_files_read(&files, "test", &key, &err), -EPERM);
	assert_int_equal(fchmodat(folder->fd, "test.pub", 0644, 0), 0);
	assert_int_equal(renameat(folder->fd, "test.pub", folder->fd, "alias.pub"), 0);
	assert_int_equal(key_files_read(&files, "alias", &key, &err), -EINVAL);
	assert_non_null(strstr(err.text, "call the file test.pub"));
	key_files_close(&files);
}

static void key_files_open_where_everybody_writes_is_refused(void **state)
{
	struct unit_folder *folder = *state;
	struct key_files files;
	struct error err = {0};

	assert_int_equal(chmod(folder->path, 01777), 0);
	assert_int_equal(key_files_open(&files, folder->path, &err), -EPERM);
	assert_non_null(strstr(err.text, folder->path));
	assert_int_equal(chmod(folder->path, 0755), 0);
	assert_int_equal(key_files_open(&files, folder->path, &err), 0);
	key_files_close(&files);
}

static int choose(struct key_files *files, const char *name, struct public_key *ret_key,
		  struct error *err)
{
	EVP_PKEY *private = NULL;
	int r = key_choose(files, name, NOW, ret_key, &private, err);

	if (r >= 0)
		EVP_PKEY_free(private);
	return r;
}

static void key_choose_takes_the_named_the_only_or_a_new_one(void **state)
{
	struct unit_folder *folder = *state;
	struct key_files files = files_of(folder, "/keys");
	struct public_key key, again;
	struct error err = {0};
	char host[RECORD_NAME_MAX];

	key_host_name(host);
	assert_true(record_name_is_valid(host));
	assert_int_equal(choose(&files, "a", &key, &err), -ENOENT);
	assert_int_equal(choose(&files, NULL, &key, &err), 1);
	assert_string_equal(key.name, host);
	assert_int_equal(choose(&files, NULL, &again, &err), 0);
	assert_memory_equal(&key, &again, sizeof(key));
	/* A key that is trusted only is none to choose. */
	unit_folder_text(folder, "keys/test.pub", public_text);
	assert_int_equal(choose(&files, NULL, &again, &err), 0);

	/* Of several it is the host's, and never just any. */
	assert_int_equal(key_files_make(&files, "a", NOW, NOW + 86400, &key, NULL), 0);
	assert_int_equal(choose(&files, NULL, &again, &err), 0);
	assert_string_equal(again.name, host);
	char file[128];
	snprintf(file, sizeof(file), "%s.key", host);
	assert_int_equal(renameat(files.fd, file, files.fd, "b.key"), 0);
	assert_int_equal(choose(&files, NULL, &again, &err), -EINVAL);
	assert_non_null(strstr(err.text, "--key: a b"));
	assert_int_equal(choose(&files, "a", &again, &err), 0);
	assert_string_equal(again.name, "a");
	EVP_PKEY *private;
	assert_int_equal(key_choose(&files, "a", NOW + 86400, &again, &private, &err),
			 -EKEYEXPIRED);
	assert_non_null(strstr(err.text, "2026-01-02"));
	key_files_close(&files);
}

/* ---- signatures ---- */

static struct image_record sample(void)
{
	struct image_record record = {
		.name = "default",
		.forms = RECORD_TREE,
		.baked_sec = 1735689600,
		.expires_sec = 1798761600,
	};

	memset(record.id, 1, sizeof(record.id));
	memset(record.tree_sha256, 2, sizeof(record.tree_sha256));
	memset(record.documents_sha256, 4, sizeof(record.documents_sha256));
	return record;
}

static struct image_record signed_sample(struct unit_folder *folder)
{
	struct key_files files = files_of(folder, "");
	struct image_record record = sample();
	struct public_key key;
	EVP_PKEY *private;

	write_pair(folder);
	assert_int_equal(key_files_read_private(&files, "test", &key, &private, NULL), 0);
	assert_int_equal(record_sign(&record, &key, private, NOW, NULL), 0);
	EVP_PKEY_free(private);
	key_files_close(&files);
	return record;
}

static void record_sign_gives_what_another_program_gives(void **state)
{
	/* openssl pkeyutl -sign -rawin, over bytes put together after record.h's text. */
	static const char known[] =
		"3a2c1b74d265418d52242dbc562b4f469362c12cf6adbf9a76476c7d228e32b7"
		"cb9b2583b38a0f4924dc38992b56aff187fc6b8685fdf2ff66cd90bf60a7450c";
	struct image_record record = signed_sample(*state);
	char first[65], second[65];

	(void)state;
	record_hex(record.signature, first);
	record_hex(record.signature + 32, second);
	assert_memory_equal(first, known, 64);
	assert_string_equal(second, known + 64);
	assert_int_equal(record.signed_sec, NOW);
}

/* Every bit that is signed, and every bit of the signature. */
static void record_is_signed_by_with_a_bit_changed_is_false(void **state)
{
	struct image_record record = signed_sample(*state), changed;
	struct public_key key = key_of(public_text);
	uint8_t bytes[RECORD_BYTES];
	unsigned decoded = 0;

	assert_int_equal(record_is_signed_by(&record, &key, NULL), 1);
	record_encode(&record, bytes);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 0x10;
		if (record_decode(bytes, sizeof(bytes), &changed, NULL) == 0) {
			assert_int_equal(record_is_signed_by(&changed, &key, NULL), 0);
			decoded++;
		}
		bytes[i] ^= 0x10;
	}
	/* All of the times, of id, tree, documents, key and signature; the others are none then. */
	assert_true(decoded >= 3 * 8 + 4 * 32 + 64);
}

static void record_is_signed_by_another_key_is_false(void **state)
{
	struct unit_folder *folder = *state;
	struct image_record record = signed_sample(folder);
	struct key_files files = files_of(folder, "");
	struct public_key key;

	assert_int_equal(key_files_make(&files, "other", NOW, 0, &key, NULL), 0);
	assert_int_equal(record_is_signed_by(&record, &key, NULL), 0);
	/* Nor when the record claims to be that key's. */
	memcpy(record.key_id, key.id, sizeof(key.id));
	assert_int_equal(record_is_signed_by(&record, &key, NULL), 0);
	key_files_close(&files);
}

/* A signature over the same bytes for another purpose is none of a record. */
static void record_is_signed_by_without_the_context_is_false(void **state)
{
	struct unit_folder *folder = *state;
	struct image_record record = signed_sample(folder);
	struct key_files files = files_of(folder, "");
	struct public_key key;
	uint8_t bytes[RECORD_BYTES];
	size_t len = sizeof(record.signature);
	EVP_PKEY *private;

	assert_int_equal(key_files_read_private(&files, "test", &key, &private, NULL), 0);
	_cleanup_md_context_ EVP_MD_CTX *context = EVP_MD_CTX_new();
	record_encode(&record, bytes);
	assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, private), 1);
	assert_int_equal(
		EVP_DigestSign(context, record.signature, &len, bytes, RECORD_SIGNED_BYTES), 1);
	assert_int_equal(record_is_signed_by(&record, &key, NULL), 0);
	EVP_PKEY_free(private);
	key_files_close(&files);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(date_decode_takes_days_of_the_calendar_alone),
		TEST(date_expiry_takes_days_to_come_and_spans),
		TEST(key_encode_of_decoded_gives_it_back),
		TEST(key_decode_of_what_is_none_is_refused_with_its_line),
		TEST(key_files_make_keeps_the_private_half_private),
		TEST(key_files_make_never_writes_over_a_key),
		TEST(key_files_read_private_that_others_can_read_is_refused),
		TEST(key_files_read_private_of_what_is_none_is_refused),
		TEST(key_files_find_looks_into_every_key),
		TEST(key_files_open_where_everybody_writes_is_refused),
		TEST(key_choose_takes_the_named_the_only_or_a_new_one),
		TEST(record_sign_gives_what_another_program_gives),
		TEST(record_is_signed_by_with_a_bit_changed_is_false),
		TEST(record_is_signed_by_another_key_is_false),
		TEST(record_is_signed_by_without_the_context_is_false),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
