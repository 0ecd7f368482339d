/* What a server remembers of the images it verified and served. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "image/stamps.h"

#define LATER UINT64_MAX /* than anything was written */

struct folder {
	char path[64];
	int fd;
};

static int setup(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	char below[80];

	snprintf(folder->path, sizeof(folder->path), "/tmp/test_stamps.XXXXXX");
	if (!mkdtemp(folder->path))
		return -1;
	snprintf(below, sizeof(below), "%s/a/b", folder->path);
	folder->fd = stamps_open(below, NULL);
	*state = folder;
	return folder->fd < 0 ? -1 : 0;
}

/* The name of a file of the folder; how many there are. */
static int names(struct folder *folder, char ret_name[256])
{
	DIR *dir = fdopendir(openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.') {
			snprintf(ret_name, 256, "%s", entry->d_name);
			count++;
		}
	closedir(dir);
	return count;
}

static int teardown(void **state)
{
	static const char *const below[] = {"/a/b", "/a", ""};
	struct folder *folder = *state;
	char name[256], path[80];
	int r = 0;

	while (names(folder, name) > 0)
		unlinkat(folder->fd, name, 0);
	fd_close(folder->fd);
	for (size_t i = 0; r == 0 && i < sizeof(below) / sizeof(below[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", folder->path, below[i]);
		r = rmdir(path);
	}
	free(folder);
	return r;
}

static struct image_record record_of(uint8_t id, const char *name, uint64_t baked_sec)
{
	struct image_record record = {
		.forms = RECORD_TREE | RECORD_EROFS,
		.baked_sec = baked_sec,
		.id = {id},
		.tree_sha256 = {1, id},
		.erofs_sha256 = {2, id},
	};

	snprintf(record.name, sizeof(record.name), "%s", name);
	return record;
}

static struct stat file_of(ino_t inode, off_t size, long nsec)
{
	struct stat st = {.st_dev = 7, .st_ino = inode, .st_size = size};

	st.st_ctim = (struct timespec){1000, nsec};
	return st;
}

static void stamps_has_only_what_was_kept(void **state)
{
	struct folder *folder = *state;
	struct image_record record = record_of(1, "a", 5), other = record_of(2, "a", 5);
	const uint8_t quick[RECORD_HASH_BYTES] = {1, 2, 3}, later[RECORD_HASH_BYTES] = {1, 2, 4};
	struct stamp tree = stamp_tree(&record, quick), changed = stamp_tree(&record, later);

	assert_int_equal(stamps_has(folder->fd, &record, &tree), 0);
	assert_int_equal(stamps_keep(folder->fd, &record, &tree), 0);
	assert_int_equal(stamps_has(folder->fd, &record, &tree), 1);
	assert_int_equal(stamps_has(folder->fd, &record, &changed), 0);
	assert_int_equal(stamps_has(folder->fd, &other, &tree), 0);
	/* The same image, described otherwise. */
	record.tree_sha256[5] ^= 1;
	struct stamp again = stamp_tree(&record, quick);
	assert_int_equal(stamps_has(folder->fd, &record, &again), 0);
	assert_int_equal(stamps_keep(folder->fd, &record, &again), 0);
	assert_int_equal(stamps_has(folder->fd, &record, &again), 1);
	assert_int_equal(stamps_has(folder->fd, &record, &tree), 0);
}

static void stamp_erofs_tells_every_change_of_the_file(void **state)
{
	struct folder *folder = *state;
	struct image_record record = record_of(1, "a", 5);
	struct stat st = file_of(11, 4096, 5);
	const struct stat others[] = {file_of(12, 4096, 5), file_of(11, 8192, 5),
				      file_of(11, 4096, 6)};
	struct stamp stamp = stamp_erofs(&record, &st);

	assert_int_equal(stamps_keep(folder->fd, &record, &stamp), 0);
	assert_int_equal(stamps_has(folder->fd, &record, &stamp), 1);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		stamp = stamp_erofs(&record, &others[i]);
		assert_int_equal(stamps_has(folder->fd, &record, &stamp), 0);
	}
	st.st_dev++;
	stamp = stamp_erofs(&record, &st);
	assert_int_equal(stamps_has(folder->fd, &record, &stamp), 0);
}

static void stamps_of_both_forms_stand_side_by_side(void **state)
{
	struct folder *folder = *state;
	struct image_record record = record_of(1, "a", 5);
	const uint8_t quick[RECORD_HASH_BYTES] = {1};
	struct stat st = file_of(11, 4096, 5);
	struct stamp tree = stamp_tree(&record, quick), erofs = stamp_erofs(&record, &st);

	assert_int_equal(stamps_keep(folder->fd, &record, &tree), 0);
	assert_int_equal(stamps_keep(folder->fd, &record, &erofs), 0);
	assert_int_equal(stamps_has(folder->fd, &record, &tree), 1);
	assert_int_equal(stamps_has(folder->fd, &record, &erofs), 1);
}

/* The one file of the folder. */
static int only_file(struct folder *folder, int flags)
{
	char name[256];

	assert_int_equal(names(folder, name), 1);
	return openat(folder->fd, name, flags | O_CLOEXEC);
}

static void stamps_has_of_a_damaged_file_is_no(void **state)
{
	struct folder *folder = *state;
	struct image_record record = record_of(1, "a", 5);
	const uint8_t quick[RECORD_HASH_BYTES] = {1};
	struct stamp stamp = stamp_tree(&record, quick);

	assert_int_equal(stamps_keep(folder->fd, &record, &stamp), 0);
	_cleanup_fd_ int fd = only_file(folder, O_WRONLY);
	assert_int_equal(ftruncate(fd, sizeof(stamp) - 1), 0);
	assert_int_equal(stamps_has(folder->fd, &record, &stamp), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(stamps_has(folder->fd, &record, &stamp), 0);
	assert_int_equal(pwrite(fd, &stamp, sizeof(stamp), 0), sizeof(stamp));
	assert_int_equal(stamps_has(folder->fd, &record, &stamp), 1);
	assert_int_equal(pwrite(fd, "x", 1, sizeof(stamp)), 1);
	assert_int_equal(stamps_has(folder->fd, &record, &stamp), 0);
}

static void stamps_newest_only_goes_up_and_is_each_names_own(void **state)
{
	struct folder *folder = *state;
	struct image_record first = record_of(1, "a", 100), newer = record_of(2, "a", 200),
			    other = record_of(3, "a.b", 50);

	assert_int_equal(stamps_newest(folder->fd, "a"), 0);
	assert_int_equal(stamps_served(folder->fd, &first), 0);
	assert_int_equal(stamps_newest(folder->fd, "a"), 100);
	assert_int_equal(stamps_served(folder->fd, &newer), 0);
	assert_int_equal(stamps_newest(folder->fd, "a"), 200);
	assert_int_equal(stamps_served(folder->fd, &first), 0);
	assert_int_equal(stamps_newest(folder->fd, "a"), 200);
	assert_int_equal(stamps_newest(folder->fd, "a.b"), 0);
	assert_int_equal(stamps_served(folder->fd, &other), 0);
	assert_int_equal(stamps_newest(folder->fd, "a.b"), 50);
	assert_int_equal(stamps_newest(folder->fd, "a"), 200);
}

static void stamps_served_of_one_name_leaves_one_that_ends_like_a_temporary_file(void **state)
{
	struct folder *folder = *state;
	struct image_record plain = record_of(1, "a", 100), numbered = record_of(2, "a", 200);

	snprintf(numbered.name, sizeof(numbered.name), "a.%d", (int)getpid());
	assert_int_equal(stamps_served(folder->fd, &numbered), 0);
	assert_int_equal(stamps_served(folder->fd, &plain), 0);
	assert_int_equal(stamps_newest(folder->fd, numbered.name), 200);
	assert_int_equal(stamps_newest(folder->fd, "a"), 100);
}

static void stamps_newest_of_a_damaged_file_is_none(void **state)
{
	struct folder *folder = *state;
	struct image_record record = record_of(1, "a", 100);

	assert_int_equal(stamps_served(folder->fd, &record), 0);
	_cleanup_fd_ int fd = only_file(folder, O_RDWR);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	assert_int_equal(stamps_newest(folder->fd, "a"), 0);
	assert_int_equal(stamps_served(folder->fd, &record), 0);
	assert_int_equal(stamps_newest(folder->fd, "a"), 100);
}

static void stamps_open_folder_others_can_write_to_is_refused(void **state)
{
	struct folder *folder = *state;
	char path[80];
	struct error err = {0};

	snprintf(path, sizeof(path), "%s/a/b", folder->path);
	_cleanup_fd_ int fd = stamps_open(path, &err);
	assert_true(fd >= 0);
	for (mode_t mode = 0770; mode >= 0702; mode -= 0770 - 0702) {
		assert_int_equal(chmod(path, mode), 0);
		assert_int_equal(stamps_open(path, &err), -EPERM);
		assert_non_null(strstr(err.text, path));
	}
	/* Nor one that another owns, whoever may write to it. */
	assert_int_equal(chmod(path, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_int_equal(stamps_open(path, &err), -EPERM);
	}
}

static void stamps_folder_is_the_option_else_roots_else_the_users(void **state)
{
	char path[PATH_MAX], *long_path = malloc(PATH_MAX + 1);
	struct error err = {0};

	(void)state;
	assert_int_equal(setenv("HOME", "/home/x", 1) | unsetenv("XDG_CACHE_HOME"), 0);
	assert_int_equal(stamps_folder("s", 1, path, NULL), 0);
	assert_string_equal(path, "s");
	assert_int_equal(stamps_folder(NULL, 1, path, NULL), 0);
	assert_string_equal(path, "/var/cache/sandlot/stamps");
	assert_int_equal(stamps_folder(NULL, 0, path, NULL), 0);
	assert_string_equal(path, "/home/x/.cache/sandlot/stamps");
	assert_int_equal(setenv("XDG_CACHE_HOME", "/cache", 1), 0);
	assert_int_equal(stamps_folder(NULL, 0, path, NULL), 0);
	assert_string_equal(path, "/cache/sandlot/stamps");
	assert_int_equal(setenv("XDG_CACHE_HOME", "relative", 1) | unsetenv("HOME"), 0);
	assert_int_equal(stamps_folder(NULL, 0, path, &err), -ENOENT);
	assert_non_null(strstr(err.text, "XDG_CACHE_HOME"));
	assert_non_null(long_path);
	memset(long_path, 'x', PATH_MAX);
	long_path[PATH_MAX] = '\0';
	assert_int_equal(stamps_folder(long_path, 1, path, &err), -ENAMETOOLONG);
	free(long_path);
}

static void stamps_consent_is_to_exactly_one_image_of_a_name(void **state)
{
	struct folder *folder = *state;
	struct image_record one = record_of(1, "a", 100), two = record_of(2, "a", 100),
			    other = record_of(1, "b", 100);

	assert_int_equal(stamps_consented(folder->fd, &one), 0);
	assert_int_equal(stamps_consent(folder->fd, &one), 0);
	assert_int_equal(stamps_consented(folder->fd, &one), 1);
	assert_int_equal(stamps_consented(folder->fd, &two), 0);
	assert_int_equal(stamps_consented(folder->fd, &other), 0);
	assert_int_equal(stamps_consent(folder->fd, &two), 0);
	assert_int_equal(stamps_consented(folder->fd, &one), 0);
	assert_int_equal(stamps_consented(folder->fd, &two), 1);
}

static void stamps_consent_ends_when_what_is_newest_is_served(void **state)
{
	struct folder *folder = *state;
	struct image_record old = record_of(1, "a", 100), newer = record_of(2, "a", 200),
			    as_new = record_of(3, "a", 200), other = record_of(4, "b", 300);

	assert_int_equal(stamps_served(folder->fd, &newer), 0);
	assert_int_equal(stamps_consent(folder->fd, &old), 0);
	stamps_consent_ends(folder->fd, &old, LATER); /* it is what the consent is to */
	stamps_consent_ends(folder->fd, &other, LATER);
	assert_int_equal(stamps_consented(folder->fd, &old), 1);
	stamps_consent_ends(folder->fd, &as_new, LATER);
	assert_int_equal(stamps_consented(folder->fd, &old), 0);
	stamps_consent_ends(folder->fd, &as_new, LATER);
}

static void stamps_consent_outlasts_what_was_asked_for_before_it(void **state)
{
	struct folder *folder = *state;
	struct image_record old = record_of(1, "a", 100), newer = record_of(2, "a", 200);

	assert_int_equal(stamps_served(folder->fd, &newer), 0);
	uint64_t asked_usec = stamps_now_usec();
	assert_int_equal(stamps_consent(folder->fd, &old), 0);
	stamps_consent_ends(folder->fd, &newer, asked_usec);
	assert_int_equal(stamps_consented(folder->fd, &old), 1);
	/* But one to that very image has been heeded. */
	assert_int_equal(stamps_consent(folder->fd, &newer), 0);
	stamps_consent_ends(folder->fd, &newer, asked_usec);
	assert_int_equal(stamps_consented(folder->fd, &newer), 0);
}

static void stamps_consented_of_a_damaged_file_is_no(void **state)
{
	struct folder *folder = *state;
	struct image_record record = record_of(1, "a", 100);
	uint8_t bytes[64];

	assert_int_equal(stamps_consent(folder->fd, &record), 0);
	_cleanup_fd_ int fd = only_file(folder, O_RDWR);
	ssize_t size = pread(fd, bytes, sizeof(bytes), 0);
	assert_in_range(size, 33, 63);
	for (off_t len = 0; len < size; len++) {
		assert_int_equal(ftruncate(fd, len), 0);
		assert_int_equal(stamps_consented(folder->fd, &record), 0);
	}
	for (size_t at = 0; at < (size_t)size; at++) { /* magic and id */
		bytes[at] ^= 1;
		assert_int_equal(pwrite(fd, bytes, (size_t)size, 0), size);
		assert_int_equal(stamps_consented(folder->fd, &record), 0);
		bytes[at] ^= 1;
	}
	assert_int_equal(pwrite(fd, bytes, (size_t)size, 0), size);
	assert_int_equal(stamps_consented(folder->fd, &record), 1);
	assert_int_equal(pwrite(fd, "x", 1, size), 1);
	assert_int_equal(stamps_consented(folder->fd, &record), 0);
}

static void stamps_consented_in_a_folder_others_can_write_to_is_no(void **state)
{
	struct folder *folder = *state;
	struct image_record record = record_of(1, "a", 100);

	assert_int_equal(stamps_consent(folder->fd, &record), 0);
	for (mode_t mode = 0770; mode >= 0702; mode -= 0770 - 0702) {
		assert_int_equal(fchmod(folder->fd, mode), 0);
		assert_int_equal(stamps_consented(folder->fd, &record), 0);
	}
	assert_int_equal(fchmod(folder->fd, 0700), 0);
	assert_int_equal(stamps_consented(folder->fd, &record), 1);
	if (geteuid() == 0) {
		assert_int_equal(fchown(folder->fd, 12345, 12345), 0);
		assert_int_equal(stamps_consented(folder->fd, &record), 0);
	}
}

static void stamps_open_existing_makes_no_folder(void **state)
{
	struct folder *folder = *state;
	char path[80];
	struct error err = {0};

	snprintf(path, sizeof(path), "%s/a/c", folder->path);
	assert_int_equal(stamps_open_existing(path, &err), -ENOENT);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(stamps_has_only_what_was_kept),
		TEST(stamp_erofs_tells_every_change_of_the_file),
		TEST(stamps_of_both_forms_stand_side_by_side),
		TEST(stamps_has_of_a_damaged_file_is_no),
		TEST(stamps_newest_only_goes_up_and_is_each_names_own),
		TEST(stamps_served_of_one_name_leaves_one_that_ends_like_a_temporary_file),
		TEST(stamps_newest_of_a_damaged_file_is_none),
		TEST(stamps_open_folder_others_can_write_to_is_refused),
		TEST(stamps_consent_is_to_exactly_one_image_of_a_name),
		TEST(stamps_consent_ends_when_what_is_newest_is_served),
		TEST(stamps_consent_outlasts_what_was_asked_for_before_it),
		TEST(stamps_consented_of_a_damaged_file_is_no),
		TEST(stamps_consented_in_a_folder_others_can_write_to_is_no),
		TEST(stamps_open_existing_makes_no_folder),
		cmocka_unit_test(stamps_folder_is_the_option_else_roots_else_the_users),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
