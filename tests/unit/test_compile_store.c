#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "front/compile_store.h"

enum { ROOM = 1 << 20 };

struct world {
	char folder[64];
	struct compile_store *store;
};

static void path_of(const struct world *world, char ret_path[128])
{
	snprintf(ret_path, 128, "%s/compiles.db", world->folder);
}

static void begin(struct world *world)
{
	assert_int_equal(compile_store_open(world->folder, ROOM, &world->store, NULL), 0);
}

/* All that was saved is in the file after this. */
static void restart(struct world *world)
{
	world->store = compile_store_close(world->store);
	begin(world);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	snprintf(world->folder, sizeof(world->folder), "/tmp/test_compiles.XXXXXX");
	if (!mkdtemp(world->folder))
		return -1;
	begin(world);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	static const char *const parts[] = {"", "-wal", "-journal"};
	struct world *world = *state;
	char path[160];

	compile_store_close(world->store);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/compiles.db%s", world->folder, parts[i]);
		unlink(path);
	}
	int r = rmdir(world->folder);
	free(world);
	return r;
}

static struct compile_key key_of(unsigned number)
{
	struct compile_key key = {{0}};

	memcpy(key.bytes, &number, sizeof(number));
	return key;
}

static void save(struct world *world, unsigned number, size_t artefact_bytes)
{
	struct compile_key key = key_of(number);
	struct compile_entry *entry = compile_entry_new(&key);
	_cleanup_free_ char *artefact = malloc(artefact_bytes + 1);

	assert_non_null(entry);
	assert_non_null(artefact);
	memset(artefact, 'a', artefact_bytes);
	entry->result = (struct step_result){
		.outcome = OUTCOME_EXITED, .exit_code = 3, .wall_usec = 12, .detail = "Done."};
	assert_int_equal(compile_entry_set_output(entry, 1, "out", 3), 0);
	entry->artefact_fd = memfd_new_sealed("artefact", artefact, artefact_bytes);
	entry->artefact_bytes = artefact_bytes;
	compile_store_save(world->store, entry);
	compile_entry_unref(entry);
}

static int has(struct world *world, unsigned number)
{
	struct compile_key key = key_of(number);
	struct compile_entry *entry = compile_store_load(world->store, &key);
	int found = entry != NULL;

	compile_entry_unref(entry);
	return found;
}

static void compile_store_load_after_a_restart_gives_what_was_saved(void **state)
{
	struct world *world = *state;
	struct compile_key key = key_of(7);
	char bytes[5001];

	save(world, 7, 5000);
	restart(world);
	struct compile_entry *entry = compile_store_load(world->store, &key);
	assert_non_null(entry);
	assert_int_equal(entry->result.outcome, OUTCOME_EXITED);
	assert_int_equal(entry->result.exit_code, 3);
	assert_int_equal(entry->result.wall_usec, 12);
	assert_string_equal(entry->result.detail, "Done.");
	assert_int_equal(entry->outputs[0].len, 3);
	assert_memory_equal(entry->outputs[0].data, "out", 3);
	assert_int_equal(entry->outputs[1].len, 0);
	assert_int_equal(entry->artefact_bytes, 5000);
	assert_int_equal(pread(entry->artefact_fd, bytes, sizeof(bytes), 0), 5000);
	assert_int_equal(bytes[4999], 'a');
	assert_int_equal(memfd_is_sealed(entry->artefact_fd), 1);
	compile_entry_unref(entry);
	assert_false(has(world, 8));
}

static void compile_store_save_beyond_the_room_drops_the_oldest(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < 8; i++)
		save(world, i, 200 << 10);
	save(world, 99, ROOM); /* more than its share: not kept */
	restart(world);
	assert_false(has(world, 0));
	assert_false(has(world, 99));
	assert_true(has(world, 7));
}

/* Runs SQL on the file while nobody has it open. */
static void alter(struct world *world, const char *sql)
{
	sqlite3 *db;
	char path[128];

	world->store = compile_store_close(world->store);
	path_of(world, path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_changes(db) > 0 || strstr(sql, "PRAGMA") != NULL, 1);
	sqlite3_close(db);
	begin(world);
}

static void compile_store_load_of_an_altered_entry_drops_it(void **state)
{
	static const char *const changes[] = {
		"UPDATE compiles SET artefact = CAST(substr(artefact, 2) AS BLOB)",
		"UPDATE compiles SET stdout = x'61'",
		"UPDATE compiles SET exit_code = 0",
		"UPDATE compiles SET detail = 'Other.'",
		"UPDATE compiles SET sum = x''",
		"UPDATE compiles SET artefact = NULL",
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		save(world, 1, 300);
		alter(world, changes[i]);
		assert_false(has(world, 1));
		restart(world);
		assert_false(has(world, 1));
	}
}

static void compile_store_open_of_a_later_layout_begins_anew(void **state)
{
	struct world *world = *state;

	save(world, 1, 300);
	alter(world, "PRAGMA user_version=9");
	assert_false(has(world, 1));
	save(world, 2, 300);
	restart(world);
	assert_true(has(world, 2));
}

/* Overwrites bytes of the file itself, or cuts it off. */
static void damage(struct world *world, off_t at, size_t len, off_t cut)
{
	char path[128], rubbish[4096];

	world->store = compile_store_close(world->store);
	path_of(world, path);
	memset(rubbish, 0x5a, sizeof(rubbish));
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	if (len)
		assert_int_equal(pwrite(fd, rubbish, len, at), len);
	if (cut)
		assert_int_equal(ftruncate(fd, cut), 0);
	begin(world);
}

static void compile_store_with_a_damaged_file_goes_on(void **state)
{
	struct world *world = *state;
	static const struct {
		off_t at;
		size_t len;
		off_t cut;
	} damages[] = {{0, 100, 0}, {4096, 4096, 0}, {8192, 4096, 0}, {0, 0, 5000}, {0, 0, 1}};

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		for (unsigned n = 0; n < 20; n++)
			save(world, n, 3000);
		restart(world);
		damage(world, damages[i].at, damages[i].len, damages[i].cut);
		for (unsigned n = 0; n < 20; n++)
			has(world, n); /* whole or gone: the sums see to it */
		save(world, 50, 3000);
		restart(world);
		assert_true(has(world, 50));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(compile_store_load_after_a_restart_gives_what_was_saved),
		TEST(compile_store_save_beyond_the_room_drops_the_oldest),
		TEST(compile_store_load_of_an_altered_entry_drops_it),
		TEST(compile_store_open_of_a_later_layout_begins_anew),
		TEST(compile_store_with_a_damaged_file_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
