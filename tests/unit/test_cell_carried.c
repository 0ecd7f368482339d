/* A folder to a packet and back, in a folder of the test's own as the cell's is. */
#include "unit_folder.h"

#include "sandbox/cell_carried_pack.c"
#include "sandbox/cell_carried_unpack.c"

enum { SMALL = 5000 };

struct world {
	struct unit_folder *folder;
	int home_fd, packet_fd;
};

static int world_begin(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->folder = unit_folder_new();
	world->home_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	world->packet_fd = memfd_new_fixed("carried", CARRY_BYTES_MAX);
	assert_true(world->home_fd >= 0 && world->packet_fd >= 0);
	assert_int_equal(chdir(world->folder->path), 0);
	*state = world;
	return 0;
}

static int world_end(void **state)
{
	struct world *world = *state;

	assert_int_equal(fchdir(world->home_fd), 0);
	unit_folder_free(world->folder);
	close(world->home_fd);
	close(world->packet_fd);
	free(world);
	return 0;
}

static void write_file(const char *path, const char *text)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static void assert_file(const char *path, const char *text)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *data = NULL;
	size_t len;

	assert_true(fd >= 0);
	assert_int_equal(fd_read_all(fd, 1 << 20, &data, &len), 0);
	assert_string_equal(data, text);
}

static int is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* A packet around a bundle's bytes, with a length of its own. */
static void write_packet(const struct world *world, const void *bundle, size_t len, uint64_t said)
{
	assert_int_equal(pwrite(world->packet_fd, bundle, len, sizeof(said)), len);
	assert_int_equal(pwrite(world->packet_fd, &said, sizeof(said), 0), sizeof(said));
}

static void carried_pack_and_unpack_bring_the_files_again(void **state)
{
	const struct world *world = *state;

	assert_int_equal(mkdir("a", 0755) | mkdir("a/b", 0755) | mkdir("a/b/c", 0700), 0);
	write_file("a/one", "1");
	write_file("a/b/c/two", "22");
	write_file("a/b/c/empty", "");
	assert_int_equal(carried_pack(world->packet_fd, "a"), 0);
	assert_int_equal(carried_unpack(world->packet_fd, "new/place"), 0);
	assert_file("new/place/one", "1");
	assert_file("new/place/b/c/two", "22");
	assert_file("new/place/b/c/empty", "");
	assert_false(is_there("new/place.making"));
}

static void carried_pack_leaves_links_and_fifos_behind(void **state)
{
	const struct world *world = *state;

	assert_int_equal(mkdir("a", 0755), 0);
	write_file("outside", "secret");
	write_file("a/one", "1");
	assert_int_equal(symlink("../outside", "a/link"), 0);
	assert_int_equal(symlink("..", "a/up"), 0);
	assert_int_equal(mkfifo("a/fifo", 0600), 0);
	assert_int_equal(carried_pack(world->packet_fd, "a"), 0);
	assert_int_equal(carried_unpack(world->packet_fd, "b"), 0);
	assert_file("b/one", "1");
	assert_false(is_there("b/link") || is_there("b/up") || is_there("b/fifo"));
	/* Nor is the folder followed to somewhere else. */
	assert_int_equal(symlink("a", "c"), 0);
	assert_true(carried_pack(world->packet_fd, "c") < 0);
	assert_int_equal(carried_unpack(world->packet_fd, "d"), -ENODATA);
}

static void carried_pack_leaves_out_what_was_left_as_it_came(void **state)
{
	const struct world *world = *state;

	assert_int_equal(mkdir("a", 0755) | mkdir("a/old", 0755) | mkdir("a/both", 0755), 0);
	write_file("a/old/file", "1");
	write_file("a/both/file", "1");
	assert_int_equal(carried_pack(world->packet_fd, "a"), 0);
	assert_int_equal(carried_unpack(world->packet_fd, "b"), 0);
	assert_int_equal(mkdir("b/new", 0755), 0);
	write_file("b/new/file", "2");
	write_file("b/both/more", "2");
	assert_int_equal(carried_pack(world->packet_fd, "b"), 0);
	assert_int_equal(carried_unpack(world->packet_fd, "c"), 0);
	assert_file("c/new/file", "2");
	assert_file("c/both/file", "1");
	assert_file("c/both/more", "2");
	assert_false(is_there("c/old"));
}

static void carried_pack_of_too_much_leaves_nothing(void **state)
{
	const struct world *world = *state;
	char path[BUNDLE_PATH_MAX] = "a/large";
	struct stat st;

	assert_int_equal(mkdir("a", 0755), 0);
	write_file("a/one", "1");
	assert_int_equal(carried_pack(world->packet_fd, "a"), 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(ftruncate(fd, CARRY_BYTES_MAX), 0);
	close(fd);
	assert_int_equal(carried_pack(world->packet_fd, "a"), -EFBIG);
	assert_int_equal(fstat(world->packet_fd, &st), 0);
	assert_int_equal(st.st_blocks, 0);
	assert_int_equal(carried_unpack(world->packet_fd, "b"), -ENODATA);
	assert_int_equal(unlink(path), 0);
	for (int i = 0; i <= CARRIED_DEPTH; i++) {
		snprintf(path + 1 + 2 * i, 3, "/x");
		assert_int_equal(mkdir(path, 0755), 0);
	}
	assert_int_equal(carried_pack(world->packet_fd, "a"), -EFBIG);
}

static void carried_pack_of_less_gives_the_rest_back(void **state)
{
	const struct world *world = *state;
	_cleanup_free_ char *long_text = calloc(1, (1 << 20) + 1);
	struct stat st;

	assert_non_null(long_text);
	memset(long_text, 'x', 1 << 20);
	assert_int_equal(mkdir("a", 0755), 0);
	write_file("a/file", long_text);
	assert_int_equal(carried_pack(world->packet_fd, "a"), 0);
	write_file("a/file", "x");
	assert_int_equal(carried_pack(world->packet_fd, "a"), 0);
	assert_int_equal(fstat(world->packet_fd, &st), 0);
	assert_true(st.st_blocks * 512 < SMALL);
	assert_int_equal(carried_unpack(world->packet_fd, "b"), 0);
	assert_file("b/file", "x");
}

static void carried_unpack_refuses_what_is_no_packet(void **state)
{
	static const struct {
		const char *first, *second; /* names of files */
		enum bundle_type type;
		int cut;     /* bytes off the end */
		int add;     /* to the length that is said */
		int expects; /* 0: any failure */
	} rows[] = {
		{"../out", "b", BUNDLE_FILE, 0, 0, -EBADMSG},
		{"a/../../out", "b", BUNDLE_FILE, 0, 0, -EBADMSG},
		{"/tmp/out", "b", BUNDLE_FILE, 0, 0, -EBADMSG},
		{"a/./b", "b", BUNDLE_FILE, 0, 0, -EBADMSG},
		{"a", "a", BUNDLE_FILE, 0, 0, -EEXIST},
		{"a", "a/b", BUNDLE_FILE, 0, 0, 0},
		{"a", "b", BUNDLE_PROGRAM, 0, 0, -EBADMSG},
		{"a", "b", BUNDLE_FIFO, 0, 0, -EBADMSG},
		{"a", "b", BUNDLE_FILE, 1, 0, -EBADMSG},
		{"a", "b", BUNDLE_FILE, 20, 0, -EBADMSG},
		{"a", "b", BUNDLE_FILE, 0, 1, -EBADMSG},
		{"a", "b", BUNDLE_FILE, 0, CARRY_BYTES_MAX, -EBADMSG},
	};

	const struct world *world = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bundle_writer bundle = {0};
		char folder[16];
		snprintf(folder, sizeof(folder), "f%zu", i);
		bundle_add(&bundle, BUNDLE_FILE, rows[i].first, "1", 1);
		bundle_add(&bundle, rows[i].type, rows[i].second, "2",
			   rows[i].type == BUNDLE_FIFO ? 0 : 1);
		assert_int_equal(bundle_end(&bundle), 0);
		size_t len = bundle.used - (size_t)rows[i].cut;
		write_packet(world, bundle.data, len, len + (size_t)rows[i].add);
		free(bundle.data);
		int r = carried_unpack(world->packet_fd, folder);
		assert_true(rows[i].expects ? r == rows[i].expects : r < 0);
		assert_false(is_there(folder));
		assert_false(is_there("out") || is_there("/tmp/out"));
	}
	/* What was made before something was amiss is gone. */
	assert_false(is_there("f4.making/a") || is_there("f5.making/a"));
}

static void carried_unpack_bounds_the_number_of_files(void **state)
{
	const struct world *world = *state;
	struct bundle_writer bundle = {0};
	char name[16];

	for (int i = 0; i <= CARRY_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i);
		bundle_add(&bundle, BUNDLE_FILE, name, NULL, 0);
	}
	assert_int_equal(bundle_end(&bundle), 0);
	write_packet(world, bundle.data, bundle.used, bundle.used);
	free(bundle.data);
	assert_int_equal(carried_unpack(world->packet_fd, "a"), -EBADMSG);
	assert_false(is_there("a"));
}

static void carried_unpack_where_something_is_refuses(void **state)
{
	const struct world *world = *state;

	assert_int_equal(mkdir("a", 0755), 0);
	write_file("a/one", "1");
	assert_int_equal(carried_pack(world->packet_fd, "a"), 0);
	assert_true(carried_unpack(world->packet_fd, "a") < 0);
	write_file("b", "a file");
	assert_true(carried_unpack(world->packet_fd, "b/c") < 0);
	assert_file("b", "a file");
}

#define test(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(carried_pack_and_unpack_bring_the_files_again),
		test(carried_pack_leaves_links_and_fifos_behind),
		test(carried_pack_leaves_out_what_was_left_as_it_came),
		test(carried_pack_of_too_much_leaves_nothing),
		test(carried_pack_of_less_gives_the_rest_back),
		test(carried_unpack_refuses_what_is_no_packet),
		test(carried_unpack_bounds_the_number_of_files),
		test(carried_unpack_where_something_is_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
