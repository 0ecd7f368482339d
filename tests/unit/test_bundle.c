#include "unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"

enum { FUZZ_ROUNDS = 60000, MAGIC_LEN = 8, HEAD_LEN = 16 };

/* A whole bundle in memory. free() it. */
static char *bundle_bytes(struct bundle_writer *writer, size_t *ret_len)
{
	char *data = NULL;
	int fd = bundle_finish(writer);

	assert_true(fd >= 0);
	assert_int_equal(memfd_is_sealed(fd), 1);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(fd, BUNDLE_BYTES_MAX, &data, ret_len), 0);
	close(fd);
	return data;
}

static char *sample_bytes(size_t *ret_len)
{
	struct bundle_writer writer = {0};

	bundle_add_text(&writer, BUNDLE_ARG, "/bin/sh");
	bundle_add_text(&writer, BUNDLE_ARG, "");
	bundle_add_text(&writer, BUNDLE_ENV, "A=b");
	bundle_add(&writer, BUNDLE_FILE, "src/main.rs", "fn main() {}\0\xff", 14);
	bundle_add(&writer, BUNDLE_FILE, "empty", NULL, 0);
	bundle_add(&writer, BUNDLE_ARTEFACT_IN, "in", NULL, 0);
	bundle_add(&writer, BUNDLE_ARTEFACT_OUT, "target/debug/playground", NULL, 0);
	bundle_add(&writer, BUNDLE_FIFO, ".args", NULL, 0);
	bundle_add(&writer, BUNDLE_LATER, ".args", "-o\nx\n", 5);
	bundle_add(&writer, BUNDLE_LATER, ".args", NULL, 0);
	bundle_add(&writer, BUNDLE_COLLECT, "out", NULL, 0);
	bundle_add(&writer, BUNDLE_LEFT_OUT, NULL, "\1\0\0\0", 4);
	return bundle_bytes(&writer, ret_len);
}

static void bundle_next_gives_back_what_was_added(void **state)
{
	static const struct {
		enum bundle_type type;
		const char *name;
		const char *body;
		size_t body_len;
	} rows[] = {
		{BUNDLE_ARG, "", "/bin/sh", 7},
		{BUNDLE_ARG, "", "", 0},
		{BUNDLE_ENV, "", "A=b", 3},
		{BUNDLE_FILE, "src/main.rs", "fn main() {}\0\xff", 14},
		{BUNDLE_FILE, "empty", "", 0},
		{BUNDLE_ARTEFACT_IN, "in", "", 0},
		{BUNDLE_ARTEFACT_OUT, "target/debug/playground", "", 0},
		{BUNDLE_FIFO, ".args", "", 0},
		{BUNDLE_LATER, ".args", "-o\nx\n", 5},
		{BUNDLE_LATER, ".args", "", 0},
		{BUNDLE_COLLECT, "out", "", 0},
		{BUNDLE_LEFT_OUT, "", "\1\0\0\0", 4},
	};
	size_t len, offset = 0;
	_cleanup_free_ char *data = sample_bytes(&len);
	struct bundle_record record;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(bundle_next(data, len, &offset, &record, NULL), 1);
		assert_int_equal(record.type, rows[i].type);
		assert_int_equal(record.name_len, strlen(rows[i].name));
		assert_memory_equal(record.name, rows[i].name, record.name_len);
		assert_int_equal(record.body_len, rows[i].body_len);
		assert_memory_equal(record.body, rows[i].body, record.body_len);
	}
	assert_int_equal(bundle_next(data, len, &offset, &record, NULL), 0);
}

static void bundle_next_of_an_empty_bundle_is_the_end(void **state)
{
	struct bundle_writer writer = {0};
	struct bundle_record record;
	size_t len, offset = 0;
	_cleanup_free_ char *data = bundle_bytes(&writer, &len);

	(void)state;
	assert_int_equal(bundle_next(data, len, &offset, &record, NULL), 0);
}

/* Steps to the end or the first fault; every record must lie within the bundle. */
static int bundle_walk(const char *data, size_t len)
{
	struct bundle_record record;
	size_t offset = 0;
	int r;

	do {
		size_t before = offset;
		struct error err = {0};
		r = bundle_next(data, len, &offset, &record, &err);
		if (r < 0) {
			assert_int_equal(r, -EBADMSG);
			assert_true(err.text[0]);
		}
		if (r == 1) {
			assert_true(offset >= before + HEAD_LEN && offset <= len);
			assert_true(record.name >= data && record.name <= data + len);
			assert_true(record.body >= data && record.body <= data + len);
			assert_true(record.body_len <= (size_t)(data + len - record.body));
		}
	} while (r == 1);
	return r;
}

static void bundle_next_of_a_bundle_cut_anywhere_fails(void **state)
{
	size_t len;
	_cleanup_free_ char *data = sample_bytes(&len);

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		/* A block of exactly this size, so that a sanitizer sees a read beyond it. */
		_cleanup_free_ char *copy = malloc(cut ? cut : 1);
		memcpy(copy, data, cut);
		assert_int_equal(bundle_walk(copy, cut), -EBADMSG);
	}
	assert_int_equal(bundle_walk(data, len), 0);
}

static void bundle_next_with_bytes_after_the_end_fails(void **state)
{
	size_t len;
	_cleanup_free_ char *data = sample_bytes(&len);
	_cleanup_free_ char *longer = calloc(1, len + HEAD_LEN);

	(void)state;
	memcpy(longer, data, len);
	assert_int_equal(bundle_walk(longer, len + 1), -EBADMSG);
	assert_int_equal(bundle_walk(longer, len + HEAD_LEN), -EBADMSG);
}

static void bundle_next_of_refused_records_fails(void **state)
{
	static const struct {
		enum bundle_type type;
		const char *name, *body;
		size_t body_len;
	} rows[] = {
		{BUNDLE_ARG, "name", "x", 1},
		{BUNDLE_ARG, NULL, "a\0b", 3},
		{BUNDLE_ENV, NULL, "no equals sign", 14},
		{BUNDLE_ENV, NULL, "", 0},
		{BUNDLE_ENV, NULL, "A=\0", 3},
		{BUNDLE_FILE, NULL, "x", 1},
		{BUNDLE_FILE, "/etc/passwd", "x", 1},
		{BUNDLE_FILE, "../x", "x", 1},
		{BUNDLE_ARTEFACT_IN, "in", "x", 1},
		{BUNDLE_ARTEFACT_OUT, "a/../b", NULL, 0},
		{BUNDLE_FIFO, ".args", "x", 1},
		{BUNDLE_FIFO, "../args", NULL, 0},
		{BUNDLE_LATER, ".args", "no end", 6},
		{BUNDLE_LATER, ".args", "a\0b\n", 4},
		{BUNDLE_LATER, "/args", "x\n", 2},
		{BUNDLE_COLLECT, "out", "x", 1},
		{BUNDLE_COLLECT, "../out", NULL, 0},
		{BUNDLE_LEFT_OUT, NULL, "\1\0\0", 3},
		{BUNDLE_LEFT_OUT, "name", "\1\0\0\0", 4},
		{BUNDLE_END, "name", NULL, 0},
		{BUNDLE_TYPE_COUNT, NULL, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bundle_writer writer = {0};
		size_t len;
		bundle_add(&writer, rows[i].type, rows[i].name, rows[i].body, rows[i].body_len);
		_cleanup_free_ char *data = bundle_bytes(&writer, &len);
		assert_int_equal(bundle_walk(data, len), -EBADMSG);
	}
}

static void bundle_next_of_an_argument_too_long_fails(void **state)
{
	_cleanup_free_ char *text = malloc(BUNDLE_ARG_BYTES_MAX + 2);

	(void)state;
	memset(text, 'x', BUNDLE_ARG_BYTES_MAX + 1);
	for (int more = 0; more <= 1; more++) {
		struct bundle_writer writer = {0};
		size_t len;
		text[BUNDLE_ARG_BYTES_MAX + more] = '\0';
		bundle_add_text(&writer, BUNDLE_ARG, text);
		_cleanup_free_ char *data = bundle_bytes(&writer, &len);
		assert_int_equal(bundle_walk(data, len), more ? -EBADMSG : 0);
		text[BUNDLE_ARG_BYTES_MAX] = 'x';
	}
}

static void bundle_path_is_valid_takes_relative_paths_alone(void **state)
{
	static const char *const good[] = {"a", "a/b", "src/main.rs", "...", ".a", "a..", "a b"};
	static const char *const bad[] = {
		"",    "/",   "/a",    "a/",   "a//b", ".",	 "..",
		"./a", "a/.", "a/./b", "../a", "a/..", "a/../b", "/..",
	};
	char path[BUNDLE_PATH_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(bundle_path_is_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(bundle_path_is_valid(bad[i], strlen(bad[i])));
	assert_false(bundle_path_is_valid("a\0b", 3));
	memset(path, 'p', sizeof(path));
	assert_true(bundle_path_is_valid(path, BUNDLE_PATH_MAX));
	assert_false(bundle_path_is_valid(path, BUNDLE_PATH_MAX + 1));
}

static void bundle_finish_of_too_much_fails_with_e2big(void **state)
{
	enum { PIECE = 1 << 20 };
	struct bundle_writer writer = {0};
	_cleanup_free_ char *piece = calloc(1, PIECE);

	(void)state;
	for (int i = 0; i < BUNDLE_BYTES_MAX / PIECE; i++)
		bundle_add(&writer, BUNDLE_FILE, "f", piece, PIECE);
	assert_int_equal(bundle_finish(&writer), -E2BIG);
	assert_null(writer.data);
}

static void bundle_finish_with_a_name_too_long_fails(void **state)
{
	struct bundle_writer writer = {0};
	char name[BUNDLE_PATH_MAX + 2];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	bundle_add(&writer, BUNDLE_FILE, name, "x", 1);
	bundle_add_text(&writer, BUNDLE_ARG, "x"); /* the failure is kept */
	assert_int_equal(bundle_finish(&writer), -ENAMETOOLONG);
}

static void bundle_next_of_mutated_bundles_stays_within_them(void **state)
{
	uint64_t random = 1;
	size_t len;
	_cleanup_free_ char *data = sample_bytes(&len);

	(void)state;
	for (int i = 0; i < FUZZ_ROUNDS; i++) {
		size_t cut =
			unit_random_below(&random, 8) ? len : unit_random_below(&random, len) + 1;
		_cleanup_free_ char *copy = malloc(cut);
		memcpy(copy, data, cut);
		for (size_t n = unit_random_below(&random, 5); n > 0; n--)
			copy[unit_random_below(&random, cut)] = (char)unit_random(&random);
		bundle_walk(copy, cut);
	}
}

static void bundle_next_of_random_records_stays_within_them(void **state)
{
	uint64_t random = 2;

	(void)state;
	for (int i = 0; i < FUZZ_ROUNDS; i++) {
		size_t len = MAGIC_LEN + unit_random_below(&random, 200);
		_cleanup_free_ char *data = malloc(len);
		memcpy(data, "SLBNDL1", MAGIC_LEN);
		/* Small numbers, so that lengths are often nearly right. */
		for (size_t at = MAGIC_LEN; at < len; at++)
			data[at] = (char)(unit_random_below(&random, 3)
						  ? 0
						  : unit_random_below(&random, 24));
		bundle_walk(data, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bundle_next_gives_back_what_was_added),
		cmocka_unit_test(bundle_next_of_an_empty_bundle_is_the_end),
		cmocka_unit_test(bundle_next_of_a_bundle_cut_anywhere_fails),
		cmocka_unit_test(bundle_next_with_bytes_after_the_end_fails),
		cmocka_unit_test(bundle_next_of_refused_records_fails),
		cmocka_unit_test(bundle_next_of_an_argument_too_long_fails),
		cmocka_unit_test(bundle_path_is_valid_takes_relative_paths_alone),
		cmocka_unit_test(bundle_finish_of_too_much_fails_with_e2big),
		cmocka_unit_test(bundle_finish_with_a_name_too_long_fails),
		cmocka_unit_test(bundle_next_of_mutated_bundles_stays_within_them),
		cmocka_unit_test(bundle_next_of_random_records_stays_within_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
