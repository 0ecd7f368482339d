#include "front/migrate.h"

#include <errno.h>
#include <stdio.h>

#include "base/fd.h"

static const char table[] = "CREATE TABLE IF NOT EXISTS migrations("
			    " version INTEGER PRIMARY KEY NOT NULL, down TEXT NOT NULL)";

static int migrate_fail(sqlite3 *db, unsigned version, struct error *err)
{
	return error_set_plain(err, -EIO, "migrate", "cannot change to version %u: %s", version,
			       sqlite3_errmsg(db));
}

int migrate_version(sqlite3 *db, unsigned *ret_version, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	if (r == SQLITE_ROW)
		*ret_version = (unsigned)sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return r == SQLITE_ROW ? 0
			       : error_set_plain(err, -EIO, "migrate", "cannot read it: %s",
						 sqlite3_errmsg(db));
}

static int run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

/* Within a transaction. */
static int set_version(sqlite3 *db, unsigned version)
{
	char sql[48];

	snprintf(sql, sizeof(sql), "PRAGMA user_version=%u", version);
	return run(db, sql);
}

/* Runs a statement with one number and perhaps a text. */
static int run_with(sqlite3 *db, const char *sql, unsigned number, const char *text)
{
	sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (r == SQLITE_OK) {
		sqlite3_bind_int64(statement, 1, number);
		if (text)
			sqlite3_bind_text(statement, 2, text, -1, SQLITE_STATIC);
		r = sqlite3_step(statement);
	}
	sqlite3_finalize(statement);
	return r == SQLITE_DONE ? 0 : -EIO;
}

static int step_up(sqlite3 *db, const struct migration *migration, unsigned version)
{
	int r = run(db, table);

	if (r == 0)
		r = run(db, migration->up);
	if (r == 0)
		r = run_with(db, "INSERT INTO migrations VALUES(?1,?2)", version, migration->down);
	return r < 0 ? r : set_version(db, version);
}

/* The way down from a version, as the file says it: new, or NULL. */
static char *way_down(sqlite3 *db, unsigned version)
{
	sqlite3_stmt *statement = NULL;
	char *copy = NULL;
	int r = sqlite3_prepare_v2(db, "SELECT down FROM migrations WHERE version=?1", -1,
				   &statement, NULL);

	if (r == SQLITE_OK) {
		sqlite3_bind_int64(statement, 1, version);
		if (sqlite3_step(statement) == SQLITE_ROW &&
		    asprintf(&copy, "%s", (const char *)sqlite3_column_text(statement, 0)) < 0)
			copy = NULL;
	}
	sqlite3_finalize(statement);
	return copy;
}

static int step_down(sqlite3 *db, unsigned version, struct error *err)
{
	_cleanup_free_ char *down = way_down(db, version);

	if (!down)
		return error_set_plain(
			err, -EPROTO, "migrate",
			"a later version of the server wrote it (%u), which left no way back",
			version);
	int r = run(db, down);
	if (r == 0)
		r = run_with(db, "DELETE FROM migrations WHERE version=?1", version, NULL);
	if (r == 0)
		r = set_version(db, version - 1);
	return r < 0 ? migrate_fail(db, version - 1, err) : 0;
}

int migrate(sqlite3 *db, const struct migration *migrations, size_t count, unsigned target,
	    struct error *err)
{
	unsigned version = 0;
	int r = migrate_version(db, &version, err);

	if (r == 0 && target > count)
		return error_set_plain(err, -EINVAL, "migrate", "there is no version %u", target);
	while (r == 0 && version != target) {
		if (run(db, "BEGIN IMMEDIATE") < 0)
			return migrate_fail(db, target, err);
		if (version > target)
			r = step_down(db, version--, err);
		else if (step_up(db, &migrations[version], version + 1) < 0)
			r = migrate_fail(db, version + 1, err);
		else
			version++;
		if (r == 0 && run(db, "COMMIT") < 0)
			r = migrate_fail(db, version, err);
		if (r < 0 && !sqlite3_get_autocommit(db))
			run(db, "ROLLBACK");
	}
	return r;
}
