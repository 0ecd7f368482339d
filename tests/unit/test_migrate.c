#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/migrate.h"

/* Three versions of a table of names: a column comes, then another table takes part of it over. */
static const struct migration steps[] = {
	{"CREATE TABLE people(name TEXT NOT NULL); INSERT INTO people VALUES('Ann');",
	 "DROP TABLE people;"},
	{"ALTER TABLE people ADD COLUMN age INTEGER NOT NULL DEFAULT 7;",
	 "ALTER TABLE people DROP COLUMN age;"},
	{"CREATE TABLE ages AS SELECT name, age FROM people; ALTER TABLE people DROP COLUMN age;",
	 "ALTER TABLE people ADD COLUMN age INTEGER NOT NULL DEFAULT 0;"
	 "UPDATE people SET age=(SELECT age FROM ages WHERE ages.name=people.name);"
	 "DROP TABLE ages;"},
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

static int setup(void **state)
{
	return sqlite3_open(":memory:", (sqlite3 **)state) == SQLITE_OK ? 0 : -1;
}

static int teardown(void **state)
{
	return sqlite3_close(*state) == SQLITE_OK ? 0 : -1;
}

static unsigned version_of(sqlite3 *db)
{
	unsigned version = 99;

	assert_int_equal(migrate_version(db, &version, NULL), 0);
	return version;
}

/* The one number that a query gives; -1 when it fails or gives none. */
static int ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int value = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

static void migrate_up_and_down_keeps_the_rows(void **state)
{
	sqlite3 *db = *state;
	struct error err = {0};

	assert_int_equal(migrate(db, steps, STEPS, 3, &err), 0);
	assert_int_equal(version_of(db), 3);
	assert_int_equal(sqlite3_exec(db, "UPDATE ages SET age=41", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(migrate(db, steps, STEPS, 2, &err), 0);
	assert_int_equal(ask(db, "SELECT age FROM people WHERE name='Ann'"), 41);
	assert_int_equal(migrate(db, steps, STEPS, 1, &err), 0);
	assert_int_equal(ask(db, "SELECT age FROM people"), -1);
	assert_int_equal(ask(db, "SELECT count(*) FROM people WHERE name='Ann'"), 1);
	assert_int_equal(migrate(db, steps, STEPS, 3, &err), 0);
	assert_int_equal(ask(db, "SELECT age FROM ages WHERE name='Ann'"), 7);
	assert_int_equal(migrate(db, steps, STEPS, 0, &err), 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM people"), -1);
	assert_int_equal(ask(db, "SELECT count(*) FROM migrations"), 0);
}

/* A program that knows two versions meets a file of three. */
static void migrate_older_program_goes_the_way_the_file_says(void **state)
{
	sqlite3 *db = *state;

	assert_int_equal(migrate(db, steps, STEPS, 3, NULL), 0);
	assert_int_equal(migrate(db, steps, 2, 2, NULL), 0);
	assert_int_equal(version_of(db), 2);
	assert_int_equal(ask(db, "SELECT age FROM people"), 7);
}

static void migrate_without_a_way_back_is_refused_and_leaves_all(void **state)
{
	sqlite3 *db = *state;
	struct error err = {0};

	assert_int_equal(migrate(db, steps, STEPS, 3, NULL), 0);
	assert_int_equal(
		sqlite3_exec(db, "DELETE FROM migrations WHERE version=3", NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(migrate(db, steps, 2, 2, &err), -EPROTO);
	assert_non_null(strstr(err.text, "(3)"));
	assert_int_equal(version_of(db), 3);
	assert_int_equal(ask(db, "SELECT age FROM ages"), 7);
}

static void migrate_that_fails_half_way_leaves_a_whole_version(void **state)
{
	static const struct migration broken[] = {
		{"CREATE TABLE people(name TEXT);", "DROP TABLE people;"},
		{"CREATE TABLE ages(age INTEGER); CREATE TABLE people(name TEXT);", ""},
	};
	sqlite3 *db = *state;
	struct error err = {0};

	assert_int_equal(migrate(db, broken, 2, 2, &err), -EIO);
	assert_non_null(strstr(err.text, "version 2"));
	assert_int_equal(version_of(db), 1);
	assert_int_equal(ask(db, "SELECT count(*) FROM people"), 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM ages"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(migrate_up_and_down_keeps_the_rows, setup,
						teardown),
		cmocka_unit_test_setup_teardown(migrate_older_program_goes_the_way_the_file_says,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			migrate_without_a_way_back_is_refused_and_leaves_all, setup, teardown),
		cmocka_unit_test_setup_teardown(migrate_that_fails_half_way_leaves_a_whole_version,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
