/* The hashes of an image's tree and of its documents. */
#include "unit_folder.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "image/documents.h"
#include "image/record.h"
#include "image/tree_hash.h"

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

/* Names around a folder's, whose order by whole paths is not that of a walk. */
static void make_tree(struct unit_folder *folder)
{
	unit_folder_mkdir(folder, "bin");
	unit_folder_mkdir(folder, "etc");
	unit_folder_mkdir(folder, "empty");
	assert_int_equal(fchmodat(folder->fd, "empty", 0700, 0), 0);
	unit_folder_text(folder, "bin/sh", "#!");
	assert_int_equal(fchmodat(folder->fd, "bin/sh", 0755, 0), 0);
	unit_folder_text(folder, "bin-x", "minus");
	unit_folder_text(folder, "bin.x", "dot");
	unit_folder_text(folder, "bin0", "zero");
	unit_folder_text(folder, "etc/new\nline", "x");
	unit_folder_text(folder, "etc/ä", "umlaut");
	assert_int_equal(fchmodat(folder->fd, "etc/ä", 04755, 0), 0);
	unit_folder_text(folder, "etc/none", "");
	unit_folder_link(folder, "sh", "bin/sh");
	unit_folder_link(folder, "etc/up", "../etc");
}

static struct tree_hash hash_of(struct unit_folder *folder)
{
	struct tree_hash hash;
	struct error err = {0};

	if (tree_hash(folder->fd, NULL, NULL, &hash, &err) < 0)
		fail_msg("%s", err.text);
	return hash;
}

static void tree_hash_of_a_known_tree_is_as_documented(void **state)
{
	struct unit_folder *folder = *state;
	char hex[DIGEST_HEX_SIZE];

	make_tree(folder);
	struct tree_hash hash = hash_of(folder);
	record_hex(hash.sha256, hex);
	/* From another program, written after the header's text alone. */
	assert_string_equal(hex,
			    "f0b14d7f7885c3d1d5d7a367da78f56833364b59175c19de394b5d918e732d1b");
	assert_int_equal(hash.entries, 12);
	assert_int_equal(hash.bytes, 21);
}

struct seen {
	struct digest digest;
	char last[64];
	unsigned lines;
};

static int see(void *owner, const char *line, size_t len, struct error *err)
{
	struct seen *seen = owner;

	(void)err;
	assert_true(seen->lines == 0 || strcmp(seen->last, line) < 0);
	assert_int_equal(line[len - 1], '\n');
	snprintf(seen->last, sizeof(seen->last), "%s", line);
	digest_add(&seen->digest, line, len);
	seen->lines++;
	return strcmp(line, "stop") == 0 ? -ECANCELED : 0;
}

static void tree_hash_lines_are_sorted_and_what_is_hashed(void **state)
{
	struct unit_folder *folder = *state;
	struct seen seen = {.lines = 0};
	struct tree_hash hash;
	uint8_t sha256[DIGEST_BYTES];

	make_tree(folder);
	digest_begin(&seen.digest);
	assert_int_equal(tree_hash(folder->fd, see, &seen, &hash, NULL), 0);
	assert_int_equal(digest_end_bytes(&seen.digest, sha256, NULL), 0);
	assert_memory_equal(sha256, hash.sha256, sizeof(sha256));
	assert_int_equal(seen.lines, 12);

	unit_folder_text(folder, "stop", "");
	seen.lines = 0;
	digest_begin(&seen.digest);
	assert_int_equal(tree_hash(folder->fd, see, &seen, &hash, NULL), -ECANCELED);
	digest_drop(&seen.digest);
}

enum change { FLIPPED, ADDED, REMOVED, MODE, TARGET, RENAMED, TYPE, CHANGES };

static void change_tree(struct unit_folder *folder, enum change change)
{
	if (change == FLIPPED)
		unit_folder_text(folder, "bin0", "zerO");
	else if (change == ADDED)
		unit_folder_text(folder, "etc/more", "");
	else if (change == REMOVED)
		assert_int_equal(unlinkat(folder->fd, "etc/none", 0), 0);
	else if (change == MODE)
		assert_int_equal(fchmodat(folder->fd, "empty", 0755, 0), 0);
	else if (change == TARGET)
		unit_folder_link(folder, "sh", "bin/sH");
	else if (change == RENAMED)
		assert_int_equal(renameat(folder->fd, "bin0", folder->fd, "bin1"), 0);
	else
		assert_int_equal(unlinkat(folder->fd, "empty", AT_REMOVEDIR), 0);
	if (change == TYPE)
		unit_folder_text(folder, "empty", "");
}

/* Asks until what was made just now is no longer fresh. */
static void quick_of(struct unit_folder *folder, uint8_t ret_quick[DIGEST_BYTES])
{
	static const uint8_t none[DIGEST_BYTES];

	do
		assert_int_equal(tree_hash_quick(folder->fd, ret_quick, NULL), 0);
	while (memcmp(ret_quick, none, sizeof(none)) == 0);
}

static void tree_hash_of_anything_changed_differs(void **state)
{
	(void)state;
	for (enum change change = FLIPPED; change < CHANGES; change++) {
		struct unit_folder *folder = unit_folder_new();
		uint8_t quick_before[DIGEST_BYTES], quick_after[DIGEST_BYTES];
		make_tree(folder);
		struct tree_hash before = hash_of(folder), again = hash_of(folder);
		assert_memory_equal(before.sha256, again.sha256, DIGEST_BYTES);
		quick_of(folder, quick_before);
		change_tree(folder, change);
		struct tree_hash after = hash_of(folder);
		assert_memory_not_equal(before.sha256, after.sha256, DIGEST_BYTES);
		quick_of(folder, quick_after);
		assert_memory_not_equal(quick_before, quick_after, DIGEST_BYTES);
		unit_folder_free(folder);
	}
}

static void tree_hash_of_other_times_is_the_same(void **state)
{
	struct unit_folder *folder = *state;
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	make_tree(folder);
	struct tree_hash before = hash_of(folder);
	assert_int_equal(utimensat(folder->fd, "bin0", times, 0), 0);
	struct tree_hash after = hash_of(folder);
	assert_memory_equal(before.sha256, after.sha256, DIGEST_BYTES);
}

/* Same size, same name, times of its own put back: the change time cannot be. */
static void tree_hash_quick_of_a_hidden_change_differs(void **state)
{
	struct unit_folder *folder = *state;
	uint8_t before[DIGEST_BYTES], again[DIGEST_BYTES];
	struct stat st;

	make_tree(folder);
	quick_of(folder, before);
	quick_of(folder, again);
	assert_memory_equal(before, again, sizeof(before));
	assert_memory_equal(before, hash_of(folder).quick, sizeof(before));

	assert_int_equal(fstatat(folder->fd, "bin0", &st, 0), 0);
	unit_folder_text(folder, "bin0", "zerO");
	const struct timespec times[2] = {st.st_atim, st.st_mtim};
	assert_int_equal(utimensat(folder->fd, "bin0", times, 0), 0);
	quick_of(folder, again);
	assert_memory_not_equal(before, again, sizeof(before));
}

/* A change in this very moment could carry the same time as the one before. */
static void tree_hash_quick_of_a_fresh_tree_is_none(void **state)
{
	static const uint8_t none[DIGEST_BYTES];
	struct unit_folder *folder = *state;
	uint8_t quick[DIGEST_BYTES];
	struct stat st;
	struct timespec now;

	/* Between the change and the look at the clock we may have been made to wait. */
	do {
		unit_folder_text(folder, "file", "");
		assert_int_equal(tree_hash_quick(folder->fd, quick, NULL), 0);
		clock_gettime(CLOCK_REALTIME, &now);
		assert_int_equal(fstatat(folder->fd, "file", &st, 0), 0);
	} while (now.tv_sec != st.st_ctim.tv_sec || now.tv_nsec - st.st_ctim.tv_nsec > 15000000);
	assert_memory_equal(quick, none, sizeof(none));
}

static void expect_refused(struct unit_folder *folder, const char *words)
{
	uint8_t quick[DIGEST_BYTES];
	struct error err = {0};
	struct tree_hash hash;

	assert_int_equal(tree_hash(folder->fd, NULL, NULL, &hash, &err), -EINVAL);
	assert_non_null(strstr(err.text, words));
	assert_int_equal(tree_hash_quick(folder->fd, quick, NULL), -EINVAL);
}

static void tree_hash_of_other_types_is_refused_by_name(void **state)
{
	struct unit_folder *folder = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	unit_folder_mkdir(folder, "sub");
	hash_of(folder);
	assert_int_equal(mkfifoat(folder->fd, "sub/pipe", 0644), 0);
	expect_refused(folder, "sub/pipe is neither");
	assert_int_equal(unlinkat(folder->fd, "sub/pipe", 0), 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sub/socket", folder->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	expect_refused(folder, "sub/socket is neither");
	assert_int_equal(unlinkat(folder->fd, "sub/socket", 0), 0);
	hash_of(folder);
}

static void tree_hash_links_are_not_followed(void **state)
{
	struct unit_folder *folder = *state, *other = unit_folder_new();

	unit_folder_link(folder, "out", other->path);
	struct tree_hash before = hash_of(folder);
	unit_folder_text(other, "file", "");
	struct tree_hash after = hash_of(folder);
	assert_memory_equal(before.sha256, after.sha256, DIGEST_BYTES);
	assert_int_equal(after.entries, 1);
	unit_folder_free(other);
}

static void tree_hash_of_a_deep_tree_is_refused(void **state)
{
	struct unit_folder *folder = *state;
	char path[2 * TREE_DEPTH_MAX + 1];

	for (int i = 0; i < TREE_DEPTH_MAX; i++) {
		if (i == TREE_DEPTH_MAX - 1)
			hash_of(folder);
		memcpy(path + 2 * i, "/d", 3);
		unit_folder_mkdir(folder, path + 1);
	}
	expect_refused(folder, "too deep");
}

/* In a mount namespace of its own, so that nothing is left behind. Returns what tree_hash() did. */
static int hash_with_mount(struct unit_folder *folder, const char *name)
{
	struct tree_hash hash;
	struct error err = {0};
	char target[128];

	snprintf(target, sizeof(target), "%s/%s", folder->path, name);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(folder->path, folder->path, NULL, MS_BIND, NULL) < 0 ||
	    mount(strcmp(name, "file") == 0 ? "/etc/passwd" : "/etc", target, NULL, MS_BIND, NULL))
		return 1;
	int fd = open(folder->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = tree_hash(fd, NULL, NULL, &hash, &err);
	return r == -EINVAL && strstr(err.text, "is a mount") && strstr(err.text, name) ? 0 : 2;
}

static void tree_hash_of_a_tree_with_a_mount_is_refused(void **state)
{
	static const char *const names[] = {"file", "folder"};
	struct unit_folder *folder = *state;

	if (geteuid() != 0)
		skip();
	unit_folder_text(folder, "file", "");
	unit_folder_mkdir(folder, "folder");
	hash_of(folder);
	for (int i = 0; i < 2; i++) {
		int status;
		pid_t pid = fork();
		if (pid == 0)
			_exit(hash_with_mount(folder, names[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* ---- documents ---- */

static void make_documents(struct unit_folder *folder)
{
	unit_folder_text(folder, "manifest.json", "{}");
	unit_folder_text(folder, "bom.json", "[1]");
	unit_folder_text(folder, "Lock.json", "");
	unit_folder_text(folder, "image.record", "no document");
	unit_folder_text(folder, ".json", "nor this");
}

static void documents_hash_is_as_documented(void **state)
{
	struct unit_folder *folder = *state;
	uint8_t hash[DIGEST_BYTES], again[DIGEST_BYTES];
	char hex[DIGEST_HEX_SIZE];

	make_documents(folder);
	assert_int_equal(documents_hash(folder->fd, -EBADF, hash, NULL), 0);
	record_hex(hash, hex);
	assert_string_equal(hex,
			    "d267a50528d9b6427ac12e810a2f8e0b80c69c2a49c2629d39d76aa310f69abc");
	unit_folder_text(folder, "image.record", "changed");
	assert_int_equal(documents_hash(folder->fd, -EBADF, again, NULL), 0);
	assert_memory_equal(hash, again, sizeof(hash));
	unit_folder_text(folder, "vetting.json", "");
	assert_int_equal(documents_hash(folder->fd, -EBADF, again, NULL), 0);
	assert_memory_not_equal(hash, again, sizeof(hash));
}

static void documents_hash_takes_the_manifest_it_is_given(void **state)
{
	struct unit_folder *folder = *state;
	uint8_t hash[DIGEST_BYTES], given[DIGEST_BYTES];
	char c;

	make_documents(folder);
	assert_int_equal(documents_hash(folder->fd, -EBADF, hash, NULL), 0);
	int fd = openat(folder->fd, "manifest.json", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, &c, 1), 1); /* where it stands does not matter, and stays */
	unlinkat(folder->fd, "manifest.json", 0);
	unit_folder_text(folder, "manifest.json", "{\"other\": 1}");
	assert_int_equal(documents_hash(folder->fd, fd, given, NULL), 0);
	assert_memory_equal(hash, given, sizeof(hash));
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 1);
	assert_int_equal(documents_hash(folder->fd, -EBADF, given, NULL), 0);
	assert_memory_not_equal(hash, given, sizeof(hash));
	close(fd);
}

static void expect_documents_refused(struct unit_folder *folder, const char *words)
{
	uint8_t hash[DIGEST_BYTES];
	struct error err = {0};

	assert_int_equal(documents_hash(folder->fd, -EBADF, hash, &err), -EINVAL);
	assert_non_null(strstr(err.text, words));
}

static void documents_hash_of_what_are_none_is_refused_by_name(void **state)
{
	struct unit_folder *folder = *state;
	uint8_t hash[DIGEST_BYTES];
	char name[64];

	expect_documents_refused(folder, "no manifest.json");
	make_documents(folder);
	assert_int_equal(documents_hash(folder->fd, -EBADF, hash, NULL), 0);
	unit_folder_link(folder, "bom.json", "Lock.json");
	expect_documents_refused(folder, "bom.json is a symbolic link");
	unlinkat(folder->fd, "bom.json", 0);
	unit_folder_mkdir(folder, "bom.json");
	expect_documents_refused(folder, "bom.json is not a regular file");
	assert_int_equal(unlinkat(folder->fd, "bom.json", AT_REMOVEDIR), 0);
	unit_folder_text(folder, "a b.json", "");
	expect_documents_refused(folder, "a b.json");
	unlinkat(folder->fd, "a b.json", 0);
	for (int i = 0; i < DOCUMENTS_MAX - 2; i++) {
		assert_int_equal(documents_hash(folder->fd, -EBADF, hash, NULL), 0);
		snprintf(name, sizeof(name), "more-%d.json", i);
		unit_folder_text(folder, name, "");
	}
	assert_int_equal(documents_hash(folder->fd, -EBADF, hash, NULL), 0);
	unit_folder_text(folder, "one-too-many.json", "");
	expect_documents_refused(folder, "more than");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tree_hash_of_a_known_tree_is_as_documented, setup,
						teardown),
		cmocka_unit_test_setup_teardown(tree_hash_lines_are_sorted_and_what_is_hashed,
						setup, teardown),
		cmocka_unit_test(tree_hash_of_anything_changed_differs),
		cmocka_unit_test_setup_teardown(tree_hash_of_other_times_is_the_same, setup,
						teardown),
		cmocka_unit_test_setup_teardown(tree_hash_quick_of_a_hidden_change_differs, setup,
						teardown),
		cmocka_unit_test_setup_teardown(tree_hash_quick_of_a_fresh_tree_is_none, setup,
						teardown),
		cmocka_unit_test_setup_teardown(tree_hash_of_other_types_is_refused_by_name, setup,
						teardown),
		cmocka_unit_test_setup_teardown(tree_hash_links_are_not_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(tree_hash_of_a_deep_tree_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(tree_hash_of_a_tree_with_a_mount_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(documents_hash_is_as_documented, setup, teardown),
		cmocka_unit_test_setup_teardown(documents_hash_takes_the_manifest_it_is_given,
						setup, teardown),
		cmocka_unit_test_setup_teardown(documents_hash_of_what_are_none_is_refused_by_name,
						setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
