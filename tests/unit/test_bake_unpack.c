#include "unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/names.h"
#include "bake/path.h"
#include "bake/tree.h"
#include "bake/unpack.h"

struct fixture {
	struct path folder, archive, to;
};

/* One entry of an archive that is made for a test. */
struct entry {
	const char *name;
	mode_t type;	  /* AE_IF… */
	const char *link; /* target of a link */
	int is_hardlink;
	const char *data;
	mode_t mode;
};

static const struct unpack_rules rules = {.top = "a-1.0", .files_max = 8, .bytes_max = 100};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_int_equal(path_format(&fixture->folder, NULL, "/tmp/sandlot-unit-XXXXXX"), 0);
	assert_non_null(mkdtemp(fixture->folder.text));
	assert_int_equal(path_format(&fixture->archive, NULL, "%s/a.crate", fixture->folder.text),
			 0);
	assert_int_equal(path_format(&fixture->to, NULL, "%s/to", fixture->folder.text), 0);
	assert_int_equal(mkdir(fixture->to.text, 0755), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	tree_remove(fixture->folder.text, NULL);
	free(fixture);
	return 0;
}

static void write_entries(struct archive *archive, const struct entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct archive_entry *entry = archive_entry_new();
		const char *data = entries[i].data ? entries[i].data : "";
		archive_entry_set_pathname(entry, entries[i].name);
		archive_entry_set_filetype(entry, entries[i].type);
		archive_entry_set_perm(entry, entries[i].mode ? entries[i].mode : 0644);
		archive_entry_set_size(entry, entries[i].type == AE_IFREG && !entries[i].link
						      ? (la_int64_t)strlen(data)
						      : 0);
		if (entries[i].link && entries[i].is_hardlink)
			archive_entry_set_hardlink(entry, entries[i].link);
		else if (entries[i].link)
			archive_entry_set_symlink(entry, entries[i].link);
		assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
		if (*data)
			archive_write_data(archive, data, strlen(data));
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
}

static struct archive *new_tar(int filter)
{
	struct archive *archive = archive_write_new();

	assert_int_equal(archive_write_add_filter(archive, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_set_format_gnutar(archive), ARCHIVE_OK);
	return archive;
}

static void write_archive(const char *path, const struct entry *entries, size_t count)
{
	struct archive *archive = new_tar(ARCHIVE_FILTER_GZIP);

	assert_int_equal(archive_write_open_filename(archive, path), ARCHIVE_OK);
	write_entries(archive, entries, count);
}

/* A Debian package: an ar archive with a tar in it. member: what that is called. */
static void write_package(const char *path, const char *member, const struct entry *entries,
			  size_t count)
{
	static char tar[1 << 16];
	size_t used = 0;
	struct archive *inner = new_tar(ARCHIVE_FILTER_XZ), *archive = archive_write_new();

	assert_int_equal(archive_write_open_memory(inner, tar, sizeof(tar), &used), ARCHIVE_OK);
	write_entries(inner, entries, count);
	assert_int_equal(archive_write_set_format_ar_svr4(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(archive, path), ARCHIVE_OK);
	for (int i = 0; i < 2; i++) {
		struct archive_entry *entry = archive_entry_new();
		archive_entry_set_pathname(entry, i ? member : "debian-binary");
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_size(entry, i ? (la_int64_t)used : 4);
		assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
		archive_write_data(archive, i ? tar : "2.0\n", i ? used : 4);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
}

static int unpack(const struct fixture *fixture, const struct entry *entries, size_t count,
		  struct error *err)
{
	write_archive(fixture->archive.text, entries, count);
	return unpack_tar(fixture->archive.text, fixture->to.text, &rules, NULL, err);
}

static void assert_refused(void **state, const struct entry *entries, size_t count,
			   const char *word)
{
	struct error err = {.code = 0};

	assert_int_equal(unpack(*state, entries, count, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "a.crate"));
	if (!strstr(err.text, word))
		fail_msg("\"%s\" lacks \"%s\"", err.text, word);
}

#define REFUSED(word, ...)                                                                         \
	do {                                                                                       \
		const struct entry _entries[] = {__VA_ARGS__};                                     \
		assert_refused(state, _entries, sizeof(_entries) / sizeof(_entries[0]), word);     \
	} while (0)

static void unpack_tar_plain_files_are_made_with_their_modes(void **state)
{
	const struct fixture *fixture = *state;
	const struct entry entries[] = {
		{.name = "a-1.0/", .type = AE_IFDIR, .mode = 0777},
		{.name = "a-1.0/src/lib.rs", .type = AE_IFREG, .data = "fn a() {}"},
		{.name = "a-1.0/run.sh", .type = AE_IFREG, .data = "x", .mode = 06777},
	};
	struct path path;
	struct stat st;

	assert_int_equal(unpack(fixture, entries, 3, NULL), 0);
	assert_int_equal(path_format(&path, NULL, "%s/src/lib.rs", fixture->to.text), 0);
	assert_int_equal(stat(path.text, &st), 0);
	assert_int_equal(st.st_size, 9);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(path_format(&path, NULL, "%s/run.sh", fixture->to.text), 0);
	assert_int_equal(stat(path.text, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void unpack_tar_names_that_lead_out_are_refused(void **state)
{
	REFUSED("not allowed", {.name = "a-1.0/../b", .type = AE_IFREG});
	REFUSED("not allowed", {.name = "../a-1.0/b", .type = AE_IFREG});
	REFUSED("not allowed", {.name = "/a-1.0/b", .type = AE_IFREG});
	REFUSED("not allowed", {.name = "a-1.0//b", .type = AE_IFREG});
	REFUSED("not allowed", {.name = "a-1.0/./b", .type = AE_IFREG});
	REFUSED("not allowed", {.name = "a-1.0/b\nc", .type = AE_IFREG});
}

static void unpack_tar_another_top_folder_is_refused(void **state)
{
	REFUSED("not allowed", {.name = "b-1.0/b", .type = AE_IFREG});
	REFUSED("not allowed", {.name = "a-1.0b/b", .type = AE_IFREG});
	REFUSED("no folder", {.name = "a-1.0", .type = AE_IFREG});
}

static void unpack_tar_links_are_refused(void **state)
{
	REFUSED("is a link", {.name = "a-1.0/b", .type = AE_IFLNK, .link = "/etc/passwd"});
	REFUSED("is a link", {.name = "a-1.0/c", .type = AE_IFREG, .data = "x"},
		{.name = "a-1.0/d", .type = AE_IFREG, .link = "a-1.0/c", .is_hardlink = 1});
}

static void unpack_tar_devices_and_pipes_are_refused(void **state)
{
	REFUSED("neither", {.name = "a-1.0/b", .type = AE_IFCHR});
	REFUSED("neither", {.name = "a-1.0/b", .type = AE_IFBLK});
	REFUSED("neither", {.name = "a-1.0/b", .type = AE_IFIFO});
}

static void unpack_tar_duplicates_are_refused(void **state)
{
	REFUSED("twice", {.name = "a-1.0/b", .type = AE_IFREG},
		{.name = "a-1.0/b", .type = AE_IFREG});
	REFUSED("clashes", {.name = "a-1.0/c", .type = AE_IFREG},
		{.name = "a-1.0/c/d", .type = AE_IFREG});
}

static void unpack_tar_names_that_differ_in_case_are_refused(void **state)
{
	REFUSED("case", {.name = "a-1.0/Readme", .type = AE_IFREG},
		{.name = "a-1.0/README", .type = AE_IFREG});
	REFUSED("clashes", {.name = "a-1.0/src/b", .type = AE_IFREG},
		{.name = "a-1.0/SRC/c", .type = AE_IFREG});
}

static void unpack_tar_too_much_is_refused(void **state)
{
	char data[102];
	char names[9][32];
	struct entry entries[9];

	memset(data, 'x', sizeof(data));
	data[101] = '\0';
	REFUSED("larger", {.name = "a-1.0/b", .type = AE_IFREG, .data = data});
	data[60] = '\0';
	REFUSED("larger", {.name = "a-1.0/c", .type = AE_IFREG, .data = data},
		{.name = "a-1.0/d", .type = AE_IFREG, .data = data});
	for (int i = 0; i < 9; i++) {
		snprintf(names[i], sizeof(names[i]), "a-1.0/f%d", i);
		entries[i] = (struct entry){.name = names[i], .type = AE_IFREG};
	}
	assert_refused(state, entries, 9, "more than");
}

static void unpack_tar_existing_file_is_never_overwritten(void **state)
{
	const struct fixture *fixture = *state;
	const struct entry entries[] = {{.name = "a-1.0/b", .type = AE_IFREG, .data = "new"}};
	struct path path;
	char data[8] = "";

	assert_int_equal(path_format(&path, NULL, "%s/b", fixture->to.text), 0);
	assert_int_equal(path_write_file(path.text, 0644, "old", 3, NULL), 0);
	assert_int_equal(unpack(fixture, entries, 1, NULL), -EEXIST);
	int fd = open(path.text, O_RDONLY);
	assert_int_equal(read(fd, data, sizeof(data)), 3);
	close(fd);
	assert_string_equal(data, "old");
}

static void unpack_tar_link_in_the_target_is_not_followed(void **state)
{
	const struct fixture *fixture = *state;
	const struct entry entries[] = {{.name = "a-1.0/b/c", .type = AE_IFREG, .data = "x"}};
	struct path path;

	assert_int_equal(path_format(&path, NULL, "%s/b", fixture->to.text), 0);
	assert_int_equal(symlink("/tmp", path.text), 0);
	assert_int_equal(unpack(fixture, entries, 1, NULL), -ENOTDIR);
}

static void unpack_tar_damaged_archive_is_refused(void **state)
{
	const struct fixture *fixture = *state;
	const struct entry entries[] = {{.name = "a-1.0/b", .type = AE_IFREG, .data = "some"}};
	struct error err = {.code = 0};
	struct stat st;

	write_archive(fixture->archive.text, entries, 1);
	assert_int_equal(stat(fixture->archive.text, &st), 0);
	assert_int_equal(truncate(fixture->archive.text, st.st_size / 2), 0);
	assert_int_equal(unpack_tar(fixture->archive.text, fixture->to.text, &rules, NULL, &err),
			 -EBADMSG);
	assert_non_null(strstr(err.text, "damaged"));
}

static struct path in_target(const struct fixture *fixture, const char *name)
{
	struct path path;

	assert_int_equal(path_format(&path, NULL, "%s/%s", fixture->to.text, name), 0);
	return path;
}

static void unpack_tar_other_compressions_are_read(void **state)
{
	static const int filters[] = {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD};
	const struct fixture *fixture = *state;
	struct stat st;

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		char name[16];
		snprintf(name, sizeof(name), "a-1.0/f%zu", i);
		const struct entry entry = {.name = name, .type = AE_IFREG, .data = "some"};
		struct archive *archive = new_tar(filters[i]);
		assert_int_equal(archive_write_open_filename(archive, fixture->archive.text),
				 ARCHIVE_OK);
		write_entries(archive, &entry, 1);
		assert_int_equal(
			unpack_tar(fixture->archive.text, fixture->to.text, &rules, NULL, NULL), 0);
		struct path path = in_target(fixture, name + 6);
		assert_int_equal(stat(path.text, &st), 0);
		assert_int_equal(st.st_size, 4);
	}
}

/* Names in a pax header are converted, which must not need files that are out of reach. */
static void unpack_tar_names_may_be_any_language(void **state)
{
	static const struct entry entry = {
		.name = "a-1.0/\xc3\xa4\xe2\x82\xac", .type = AE_IFREG, .data = "some"};
	const struct fixture *fixture = *state;
	struct archive *archive = archive_write_new();

	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	assert_int_equal(archive_write_set_format_pax(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(archive, fixture->archive.text), ARCHIVE_OK);
	write_entries(archive, &entry, 1);
	assert_int_equal(unpack_tar(fixture->archive.text, fixture->to.text, &rules, NULL, NULL),
			 0);
	struct path path = in_target(fixture, entry.name + 6);
	assert_true(path_exists(path.text));
}

static void unpack_tar_inner_links_stay_inside(void **state)
{
	static const struct unpack_rules linked = {
		.files_max = 8, .bytes_max = 100, .links = UNPACK_INNER_LINKS};
	static const struct entry bad[] = {
		{.name = "b/out", .type = AE_IFLNK, .link = "../../c"},
		{.name = "b/out", .type = AE_IFLNK, .link = "/etc/passwd"},
		{.name = "b/out", .type = AE_IFREG, .link = "../c", .is_hardlink = 1},
		{.name = "b/out", .type = AE_IFREG, .link = "/etc/passwd", .is_hardlink = 1},
	};
	static const struct entry good[] = {
		{.name = "b/file", .type = AE_IFREG, .data = "x"},
		{.name = "c/soft", .type = AE_IFLNK, .link = "../b/file"},
		{.name = "c/hard", .type = AE_IFREG, .link = "b/file", .is_hardlink = 1},
	};
	const struct fixture *fixture = *state;
	struct stat st;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = {.code = 0};
		write_archive(fixture->archive.text, &bad[i], 1);
		assert_int_equal(
			unpack_tar(fixture->archive.text, fixture->to.text, &linked, NULL, &err),
			-EBADMSG);
		assert_non_null(strstr(err.text, "leads out"));
	}
	write_archive(fixture->archive.text, good, 3);
	assert_int_equal(unpack_tar(fixture->archive.text, fixture->to.text, &linked, NULL, NULL),
			 0);
	struct path soft = in_target(fixture, "c/soft"), hard = in_target(fixture, "c/hard");
	assert_int_equal(lstat(soft.text, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat(hard.text, &st), 0);
	assert_int_equal(st.st_nlink, 2);
}

static const struct unpack_move moves[] = {{"bin", "usr/bin"}};
static const struct unpack_rules package_rules = {.files_max = 8,
						  .bytes_max = 100,
						  .links = UNPACK_ANY_LINKS,
						  .any_case = 1,
						  .moves = moves,
						  .move_count = 1};

static void unpack_deb_files_are_made_where_they_belong(void **state)
{
	static const struct entry entries[] = {
		{.name = "./", .type = AE_IFDIR},
		{.name = "./bin/", .type = AE_IFDIR},
		{.name = "./bin/tool", .type = AE_IFREG, .data = "x", .mode = 04755},
		{.name = "./bin/same", .type = AE_IFREG, .link = "./bin/tool", .is_hardlink = 1},
		{.name = "./binary", .type = AE_IFREG, .data = "y"},
		{.name = "./BINARY", .type = AE_IFLNK, .link = "/etc/passwd"},
	};
	const struct fixture *fixture = *state;
	struct stat st;

	write_package(fixture->archive.text, "data.tar.xz", entries, 6);
	assert_int_equal(
		unpack_deb(fixture->archive.text, fixture->to.text, &package_rules, NULL, NULL), 0);
	struct path path = in_target(fixture, "usr/bin/same");
	assert_int_equal(lstat(path.text, &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(st.st_mode & 07777, 0755);
	path = in_target(fixture, "binary");
	assert_true(path_exists(path.text));
	path = in_target(fixture, "BINARY");
	assert_true(path_exists(path.text));
	path = in_target(fixture, "bin");
	assert_false(path_exists(path.text));
}

static void unpack_deb_links_of_packages_are_not_followed(void **state)
{
	static const struct entry entries[] = {
		{.name = "./etc", .type = AE_IFLNK, .link = "/tmp"},
		{.name = "./etc/sandlot-unit-file", .type = AE_IFREG, .data = "x"},
	};
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < 2; i++) {
		write_package(fixture->archive.text, "data.tar.xz", entries + i, 1);
		assert_int_equal(unpack_deb(fixture->archive.text, fixture->to.text, &package_rules,
					    NULL, NULL),
				 i == 0 ? 0 : -ENOTDIR);
	}
	assert_false(path_exists("/tmp/sandlot-unit-file"));
}

static void unpack_deb_what_is_no_package_is_refused(void **state)
{
	static const struct entry entry = {.name = "./f", .type = AE_IFREG, .data = "x"};
	const struct fixture *fixture = *state;
	struct error err = {.code = 0};
	struct stat st;

	write_package(fixture->archive.text, "control.tar.xz", &entry, 1);
	assert_int_equal(
		unpack_deb(fixture->archive.text, fixture->to.text, &package_rules, NULL, &err),
		-EBADMSG);
	assert_non_null(strstr(err.text, "data.tar"));
	write_archive(fixture->archive.text, &entry, 1);
	assert_int_equal(
		unpack_deb(fixture->archive.text, fixture->to.text, &package_rules, NULL, NULL),
		-EBADMSG);
	write_package(fixture->archive.text, "data.tar.xz", &entry, 1);
	assert_int_equal(stat(fixture->archive.text, &st), 0);
	assert_int_equal(truncate(fixture->archive.text, st.st_size - 80), 0);
	assert_int_equal(
		unpack_deb(fixture->archive.text, fixture->to.text, &package_rules, NULL, NULL),
		-EBADMSG);
}

static void names_add_many_names_are_kept_apart(void **state)
{
	struct names names = {.entries = NULL};
	char name[32];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "file-%d", i);
		assert_int_equal(names_add(&names, name, NAMES_FILE), 1);
	}
	assert_int_equal(names_add(&names, "FILE-4999", NAMES_FILE), -EEXIST);
	assert_int_equal(names_add(&names, "folder", NAMES_FOLDER), 1);
	assert_int_equal(names_add(&names, "folder", NAMES_FOLDER), 0);
	assert_int_equal(names_add(&names, "Folder", NAMES_FOLDER), -EEXIST);
	assert_int_equal(names_add(&names, "folder", NAMES_FILE), -EEXIST);
	names_fini(&names);
	names.any_case = 1;
	assert_int_equal(names_add(&names, "file", NAMES_FILE), 1);
	assert_int_equal(names_add(&names, "FILE", NAMES_FILE), 1);
	assert_int_equal(names_add(&names, "file", NAMES_FILE), -EEXIST);
	names_fini(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(unpack_tar_plain_files_are_made_with_their_modes,
						setup, teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_names_that_lead_out_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_another_top_folder_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_links_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_devices_and_pipes_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_duplicates_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_names_that_differ_in_case_are_refused,
						setup, teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_too_much_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_existing_file_is_never_overwritten,
						setup, teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_link_in_the_target_is_not_followed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_damaged_archive_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_other_compressions_are_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_names_may_be_any_language, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unpack_tar_inner_links_stay_inside, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unpack_deb_files_are_made_where_they_belong, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unpack_deb_links_of_packages_are_not_followed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(unpack_deb_what_is_no_package_is_refused, setup,
						teardown),
		cmocka_unit_test(names_add_many_names_are_kept_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
