/* Exported images: written, read back, and every way of being wrong refused. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "store/archive.h"
#include "store/archive_read.h"
#include "store/archive_write.h"
#include "unit_folder.h"

/* Two chunks and a bit. */
enum { EROFS_BYTES = 2 * ARCHIVE_CHUNK_BYTES + 12345, START = 1000 /* head and documents */ };

static const char manifest[] = "{\"schema\": 1}\n", packages[] = "{\"packages\": []}\n";

/* An image of which only the record and the bytes count: EROFS itself is not looked at. */
struct world {
	struct unit_folder *folder;
	struct image_record record;
	uint8_t *erofs; /* EROFS_BYTES */
	uint8_t *file;	/* what was exported */
	size_t len;
};

static void hash(const void *data, size_t len, uint8_t ret_sha256[DIGEST_BYTES])
{
	struct digest digest;

	digest_begin(&digest);
	digest_add(&digest, data, len);
	assert_int_equal(digest_end_bytes(&digest, ret_sha256, NULL), 0);
}

/* Half of it repeats, so that it can be compressed. */
static void fill(uint8_t *data, size_t len)
{
	uint64_t state = 42;

	for (size_t i = 0; i < len; i++)
		data[i] = i % 64 < 32 ? (uint8_t)i : (uint8_t)unit_random(&state);
}

static int export(struct world *world, int level, uint8_t **ret_data, size_t *ret_len,
		  struct error *err)
{
	struct meter meter = {.what = "test", .drawn_usec = clock_monotonic_usec()};
	const struct archive_write spec = {.folder = world->folder->path,
					   .record = &world->record,
					   .level = level,
					   .meter = &meter};
	int fd = openat(world->folder->fd, "out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	int r = archive_write(&spec, fd, err);
	if (r == 0) {
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(fd_read_all(fd, 64 << 20, (char **)ret_data, ret_len), 0);
	}
	close(fd);
	return r;
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct error err = {.text = ""};

	world->folder = unit_folder_new();
	world->erofs = malloc(EROFS_BYTES);
	fill(world->erofs, EROFS_BYTES);
	unit_folder_write(world->folder, RECORD_EROFS_NAME, world->erofs, EROFS_BYTES);
	unit_folder_text(world->folder, "manifest.json", manifest);
	unit_folder_text(world->folder, "packages.json", packages);
	unit_folder_text(world->folder, "parts", "layers/x\n"); /* is no document */
	world->record = (struct image_record){
		.name = "demo", .forms = RECORD_EROFS, .erofs_bytes = EROFS_BYTES};
	hash(world->erofs, EROFS_BYTES, world->record.erofs_sha256);
	if (export(world, 1, &world->file, &world->len, &err) < 0)
		fail_msg("%s", err.text);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	unit_folder_free(world->folder);
	free(world->erofs);
	free(world->file);
	free(world);
	return 0;
}

/* ---- what is read back ---- */

struct taken {
	struct archive_head head;
	char names[64];
	uint8_t documents[1024];
	size_t document_bytes;
	uint8_t *plain; /* EROFS_BYTES */
	size_t plain_bytes;
};

static int take_head(void *owner, const struct archive_head *head, struct error *err)
{
	(void)err;
	((struct taken *)owner)->head = *head;
	return 0;
}

static int take_document(void *owner, const char *name, uint32_t size, struct error *err)
{
	struct taken *taken = owner;
	size_t used = strlen(taken->names);

	(void)size;
	(void)err;
	snprintf(taken->names + used, sizeof(taken->names) - used, "%s ", name);
	return 0;
}

static int take_data(void *owner, const void *data, size_t len, struct error *err)
{
	struct taken *taken = owner;

	(void)err;
	size_t room = sizeof(taken->documents) - taken->document_bytes;
	if (len > room) /* of a size that was flipped */
		len = room;
	memcpy(taken->documents + taken->document_bytes, data, len);
	taken->document_bytes += len;
	return 0;
}

static int take_plain(void *owner, const void *data, size_t len, uint64_t read, struct error *err)
{
	struct taken *taken = owner;

	(void)read;
	(void)err;
	assert_true(taken->plain_bytes + len <= EROFS_BYTES);
	memcpy(taken->plain + taken->plain_bytes, data, len);
	taken->plain_bytes += len;
	return 0;
}

/* Reads bytes as an exported file. */
static int import(struct taken *taken, const uint8_t *data, size_t len, struct error *err)
{
	const struct archive_sink sink = {
		take_head, take_document, take_data, take_plain, taken,
	};
	int fd = memfd_new("export");

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, len), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	uint8_t *plain = taken->plain;
	*taken = (struct taken){.plain = plain};
	int r = archive_read(fd, &sink, err);
	close(fd);
	return r;
}

static void refuse(const uint8_t *data, size_t len, const char *word)
{
	struct taken taken = {.plain = malloc(EROFS_BYTES)};
	struct error err = {.text = ""};

	assert_int_equal(import(&taken, data, len, &err), -EBADMSG);
	free(taken.plain);
	if (!strstr(err.text, word))
		fail_msg("\"%s\" does not say \"%s\"", err.text, word);
}

/* ---- whole files ---- */

static void archive_what_was_written_is_read_back(void **state)
{
	struct world *world = *state;
	struct taken taken = {.plain = malloc(EROFS_BYTES)};
	struct error err = {.text = ""};
	uint8_t record[RECORD_BYTES];

	if (import(&taken, world->file, world->len, &err) < 0)
		fail_msg("%s", err.text);
	record_encode(&world->record, record);
	assert_memory_equal(taken.head.record, record, sizeof(record));
	assert_int_equal(taken.head.erofs_bytes, EROFS_BYTES);
	assert_int_equal(taken.plain_bytes, EROFS_BYTES);
	assert_memory_equal(taken.plain, world->erofs, EROFS_BYTES);
	assert_string_equal(taken.names, "manifest.json packages.json ");
	assert_int_equal(taken.document_bytes, strlen(manifest) + strlen(packages));
	assert_memory_equal(taken.documents, manifest, strlen(manifest));
	free(taken.plain);
}

static void archive_write_same_image_gives_the_same_file(void **state)
{
	struct world *world = *state;
	uint8_t *again;
	size_t len;

	assert_int_equal(export(world, 1, &again, &len, NULL), 0);
	assert_int_equal(len, world->len);
	assert_memory_equal(again, world->file, len);
	free(again);
}

static void archive_write_other_erofs_file_than_recorded_is_refused(void **state)
{
	struct world *world = *state;
	struct error err = {.text = ""};
	uint8_t *data;
	size_t len;

	world->erofs[EROFS_BYTES / 2] ^= 1;
	unit_folder_write(world->folder, RECORD_EROFS_NAME, world->erofs, EROFS_BYTES);
	assert_int_equal(export(world, 1, &data, &len, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "is not what its record says"));
	unit_folder_write(world->folder, RECORD_EROFS_NAME, world->erofs, EROFS_BYTES / 2);
	assert_int_equal(export(world, 1, &data, &len, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "shorter"));
}

/* What a client does that downloads ranges: the list from the end, then any chunk by itself. */
static void archive_each_chunk_can_be_checked_and_unpacked_alone(void **state)
{
	struct world *world = *state;
	struct archive_row *rows;
	uint8_t sha256[DIGEST_BYTES], *plain = malloc(ARCHIVE_CHUNK_BYTES);
	uint64_t list, place;
	uint32_t count;

	assert_int_equal(archive_get_tail(world->file + world->len - 16, &list, NULL), 0);
	assert_int_equal(archive_get_list(world->file + list + ARCHIVE_FRAME_BYTES,
					  world->len - list - ARCHIVE_FRAME_BYTES, &rows, &count,
					  &place, NULL),
			 0);
	assert_int_equal(place, list);
	assert_int_equal(count, 3);
	for (uint32_t i = count; i-- > 0;) {
		const uint8_t *chunk = world->file + rows[i].offset;
		hash(chunk, rows[i].length, sha256);
		assert_memory_equal(sha256, rows[i].sha256, sizeof(sha256));
		assert_int_equal(ZSTD_decompress(plain, ARCHIVE_CHUNK_BYTES, chunk, rows[i].length),
				 rows[i].plain_length);
		assert_memory_equal(plain, world->erofs + (size_t)i * ARCHIVE_CHUNK_BYTES,
				    rows[i].plain_length);
	}
	free(plain);
	free(rows);
}

static void archive_read_every_cut_is_told_as_one(void **state)
{
	struct world *world = *state;
	uint64_t seed = 7;

	for (size_t len = 0; len < 40; len++)
		refuse(world->file, len, "cut short");
	for (int i = 0; i < 30; i++)
		refuse(world->file, unit_random_below(&seed, world->len), "cut short");
	refuse(world->file, world->len - 1, "cut short");
}

static void archive_read_bytes_behind_the_end_are_refused(void **state)
{
	struct world *world = *state;
	uint8_t *longer = malloc(world->len + 1);

	memcpy(longer, world->file, world->len);
	longer[world->len] = 0;
	refuse(longer, world->len + 1, "more behind its end");
	free(longer);
}

/* The signature covers the record, and names and bytes of the documents: those only may pass here.
 */
static int is_signed(size_t at)
{
	size_t record = ARCHIVE_FRAME_BYTES + 32;
	size_t first = 2 * ARCHIVE_FRAME_BYTES + ARCHIVE_HEAD_BYTES;
	size_t first_end = first + ARCHIVE_NAME_BYTES + strlen(manifest);
	size_t second = first_end + ARCHIVE_FRAME_BYTES;
	size_t second_end = second + ARCHIVE_NAME_BYTES + strlen(packages);

	return (at >= record && at < record + RECORD_BYTES) || (at >= first && at < first_end) ||
	       (at >= second && at < second_end);
}

static void flip(struct world *world, size_t at, struct taken *taken)
{
	struct error err = {.text = ""};

	world->file[at] ^= 0x10;
	int r = import(taken, world->file, world->len, &err);
	if (r == 0 && !is_signed(at))
		fail_msg("a flipped bit at byte %zu of %zu is not noticed", at, world->len);
	if (r < 0) {
		assert_int_equal(r, -EBADMSG);
		assert_true(err.text[0] != '\0');
	}
	world->file[at] ^= 0x10;
}

static void archive_read_every_flipped_bit_is_noticed(void **state)
{
	struct world *world = *state;
	struct taken taken = {.plain = malloc(EROFS_BYTES)};
	uint64_t seed = 11;

	for (size_t at = 0; at < START; at += 3)
		flip(world, at, &taken);
	for (size_t back = 1; back <= archive_list_bytes(3) + 12; back += 3)
		flip(world, world->len - back, &taken);
	for (int i = 0; i < 60; i++)
		flip(world, START + unit_random_below(&seed, world->len - START), &taken);
	free(taken.plain);
}

/* ---- files made by hand ---- */

struct hand {
	uint8_t data[1 << 20];
	size_t len;
};

static void add(struct hand *hand, const void *data, size_t len)
{
	assert_true(hand->len + len <= sizeof(hand->data));
	memcpy(hand->data + hand->len, data, len);
	hand->len += len;
}

static void add_frame(struct hand *hand, enum archive_frame frame, uint32_t size)
{
	uint8_t bytes[ARCHIVE_FRAME_BYTES];

	archive_put_frame(frame, size, bytes);
	add(hand, bytes, sizeof(bytes));
}

static void add_head(struct hand *hand, uint32_t documents, uint64_t erofs_bytes)
{
	struct archive_head head = {.documents = documents,
				    .chunks = archive_chunks(erofs_bytes),
				    .erofs_bytes = erofs_bytes};
	uint8_t bytes[ARCHIVE_HEAD_BYTES];

	archive_put_head(&head, bytes);
	add_frame(hand, ARCHIVE_HEAD, sizeof(bytes));
	add(hand, bytes, sizeof(bytes));
}

static void add_document(struct hand *hand, const char *name, size_t name_len)
{
	uint8_t bytes[ARCHIVE_NAME_BYTES] = {0};

	memcpy(bytes, name, name_len);
	add_frame(hand, ARCHIVE_DOCUMENT, sizeof(bytes) + 2);
	add(hand, bytes, sizeof(bytes));
	add(hand, "{}", 2);
}

/* A chunk of len zeros, in a window of 1 << window_log bytes at most. */
static void add_chunk(struct hand *hand, size_t len, int window_log)
{
	uint8_t *zeros = calloc(1, len), packed[1 << 16];
	ZSTD_CCtx *context = ZSTD_createCCtx();

	assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log)));
	size_t n = ZSTD_compress2(context, packed, sizeof(packed), zeros, len);
	assert_false(ZSTD_isError(n));
	add(hand, packed, n);
	ZSTD_freeCCtx(context);
	free(zeros);
}

static void archive_read_chunk_of_another_length_is_refused(void **state)
{
	enum { REST = 100000 };
	static const struct {
		size_t plain;
		int window_log;
		const char *word;
	} cases[] = {
		{REST + 1, 20, "unpacks to more than"},
		{REST - 1, 20, "unpacks to 99999 bytes"},
		{0, 20, "unpacks to 0 bytes"},
		{64 << 20, 26, "too much memory"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hand *hand = calloc(1, sizeof(*hand));
		add_head(hand, 1, ARCHIVE_CHUNK_BYTES + REST);
		add_document(hand, "manifest.json", 13);
		add_chunk(hand, ARCHIVE_CHUNK_BYTES, 22);
		add_chunk(hand, cases[i].plain, cases[i].window_log);
		refuse(hand->data, hand->len, cases[i].word);
		free(hand);
	}
}

static void archive_read_other_frames_are_refused(void **state)
{
	struct hand *hand = calloc(1, sizeof(*hand));
	static const uint8_t skippable[] = {0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};

	(void)state;
	add_head(hand, 1, 100);
	add_document(hand, "manifest.json", 13);
	size_t before = hand->len;
	add(hand, skippable, sizeof(skippable));
	add_chunk(hand, 100, 20);
	refuse(hand->data, hand->len, "something else stands than a chunk");
	hand->len = before;
	add_document(hand, "packages.json", 13);
	refuse(hand->data, hand->len, "something else stands than a chunk");
	refuse((const uint8_t *)"not at all an export", 20, "something else stands than the head");
	free(hand);
}

static void archive_read_document_names_that_lead_elsewhere_are_refused(void **state)
{
	static const struct {
		const char *name;
		size_t len;
	} names[] = {
		{"../manifest.json", 16},
		{"..", 2},
		{"a/b.json", 8},
		{"/etc/passwd.json", 16},
		{".json", 5},
		{".hidden.json", 12},
		{"image.record", 12},
		{"image.erofs", 11},
		{"a b.json", 8},
		{"", 0},
		{"a.json\0b", 8},
		{"a\\b.json", 8},
		{"a.json\n", 7},
		{"manifest.json\0\0x", 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct hand *hand = calloc(1, sizeof(*hand));
		add_head(hand, 1, 100);
		add_document(hand, names[i].name, names[i].len);
		add_chunk(hand, 100, 20);
		refuse(hand->data, hand->len, "document");
		free(hand);
	}
}

static void archive_read_documents_come_once_and_in_order(void **state)
{
	struct hand *hand = calloc(1, sizeof(*hand));

	(void)state;
	add_head(hand, 2, 100);
	add_document(hand, "manifest.json", 13);
	add_document(hand, "manifest.json", 13);
	refuse(hand->data, hand->len, "comes twice");
	hand->len = 0;
	add_head(hand, 2, 100);
	add_document(hand, "packages.json", 13);
	add_document(hand, "manifest.json", 13);
	refuse(hand->data, hand->len, "out of order");
	free(hand);
}

static void archive_read_document_too_large_is_refused(void **state)
{
	struct hand *hand = calloc(1, sizeof(*hand));
	uint8_t name[ARCHIVE_NAME_BYTES] = "manifest.json";

	(void)state;
	add_head(hand, 1, 100);
	add_frame(hand, ARCHIVE_DOCUMENT, DOCUMENTS_BYTES_MAX + 1);
	add(hand, name, sizeof(name));
	refuse(hand->data, hand->len, "size that is not allowed");
	hand->len = 0;
	add_head(hand, 1, 100);
	add_frame(hand, ARCHIVE_DOCUMENT, ARCHIVE_NAME_BYTES - 1);
	add(hand, name, sizeof(name));
	refuse(hand->data, hand->len, "size that is not allowed");
	free(hand);
}

/* ---- heads and lists alone ---- */

static void archive_head_each_fault_has_its_message(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *word;
	} cases[] = {
		{0, 'X', "SLEXPORT"},	       {8, 0, "older than"},
		{8, 2, "does not know"},       {11, 0x80, "does not know"},
		{12, 1, "chunks are of"},      {16, 0, "0 documents"},
		{16, 65, "65 documents"},      {19, 1, "documents"},
		{20, 4, "announces 4 chunks"}, {29, 0xff, "allowed are"},
	};
	struct archive_head head = {.documents = 2, .chunks = 3, .erofs_bytes = EROFS_BYTES}, back;
	uint8_t bytes[ARCHIVE_HEAD_BYTES];
	struct error err;

	(void)state;
	archive_put_head(&head, bytes);
	assert_int_equal(archive_get_head(bytes, &back, NULL), 0);
	assert_memory_equal(&head, &back, sizeof(head));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		archive_put_head(&head, bytes);
		bytes[cases[i].at] = cases[i].value;
		assert_int_equal(archive_get_head(bytes, &back, &err), -EBADMSG);
		if (!strstr(err.text, cases[i].word))
			fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].word);
	}
	head.erofs_bytes = head.chunks = 0;
	archive_put_head(&head, bytes);
	assert_int_equal(archive_get_head(bytes, &back, NULL), -EBADMSG);
}

static void archive_list_rows_that_do_not_fit_are_refused(void **state)
{
	struct archive_row rows[] = {{.offset = 100, .length = 50, .plain_length = 4},
				     {.offset = 150, .length = 10, .plain_length = 4}};
	uint8_t bytes[512];
	struct archive_row *back;
	uint64_t offset;
	uint32_t count;
	size_t len = archive_list_bytes(2);

	(void)state;
	assert_int_equal(archive_put_list(rows, 2, 160, bytes, NULL), 0);
	assert_int_equal(archive_get_list(bytes, len, &back, &count, &offset, NULL), 0);
	assert_int_equal(count, 2);
	assert_int_equal(offset, 160);
	assert_memory_equal(rows, back, sizeof(rows));
	free(back);

	assert_int_equal(archive_put_list(rows, 2, 161, bytes, NULL), 0);
	assert_int_equal(archive_get_list(bytes, len, &back, &count, &offset, NULL), -EBADMSG);
	rows[0].length = 49;
	assert_int_equal(archive_put_list(rows, 2, 160, bytes, NULL), 0);
	assert_int_equal(archive_get_list(bytes, len, &back, &count, &offset, NULL), -EBADMSG);
	rows[0].length = 50;
	rows[1].plain_length = ARCHIVE_CHUNK_BYTES + 1;
	assert_int_equal(archive_put_list(rows, 2, 160, bytes, NULL), 0);
	assert_int_equal(archive_get_list(bytes, len, &back, &count, &offset, NULL), -EBADMSG);
	assert_int_equal(archive_get_list(bytes, len - 1, &back, &count, &offset, NULL), -EBADMSG);
	assert_int_equal(archive_get_list(bytes, 0, &back, &count, &offset, NULL), -EBADMSG);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(archive_what_was_written_is_read_back),
		TEST(archive_write_same_image_gives_the_same_file),
		TEST(archive_write_other_erofs_file_than_recorded_is_refused),
		TEST(archive_each_chunk_can_be_checked_and_unpacked_alone),
		TEST(archive_read_every_cut_is_told_as_one),
		TEST(archive_read_bytes_behind_the_end_are_refused),
		TEST(archive_read_every_flipped_bit_is_noticed),
		cmocka_unit_test(archive_read_chunk_of_another_length_is_refused),
		cmocka_unit_test(archive_read_other_frames_are_refused),
		cmocka_unit_test(archive_read_document_names_that_lead_elsewhere_are_refused),
		cmocka_unit_test(archive_read_documents_come_once_and_in_order),
		cmocka_unit_test(archive_read_document_too_large_is_refused),
		cmocka_unit_test(archive_head_each_fault_has_its_message),
		cmocka_unit_test(archive_list_rows_that_do_not_fit_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
