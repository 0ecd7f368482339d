#include "front/compile_store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

enum { BUSY_MSEC = 1000, DAMAGE_MAX = 3 };

static const char *const statement_texts[COMPILE_STATEMENT_COUNT] = {
	[COMPILE_FIND] =
		"SELECT exit_code, wall_usec, user_usec, system_usec, memory_peak_bytes, detail,"
		" stdout, stderr, artefact, sum FROM compiles WHERE key = ?1",
	[COMPILE_USED] = "UPDATE compiles SET used_usec = ?2 WHERE key = ?1",
	[COMPILE_SAVE] =
		"INSERT OR REPLACE INTO compiles(key, used_usec, bytes, exit_code, wall_usec,"
		" user_usec, system_usec, memory_peak_bytes, detail, stdout, stderr, artefact,"
		" sum) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[COMPILE_DROP] = "DELETE FROM compiles WHERE key = ?1",
	[COMPILE_OLDEST] = "SELECT key FROM compiles ORDER BY used_usec LIMIT 1",
	[COMPILE_TOTAL] = "SELECT coalesce(sum(bytes), 0) FROM compiles",
	[COMPILE_KEYS] = "SELECT key FROM compiles",
};

/*
 * user_version tells this layout from others. What the file holds can be had again, so it is not
 * waited for until it is on the disk: after a power failure it may be damaged, and is begun anew.
 */
static const char schema[] =
	"PRAGMA locking_mode=EXCLUSIVE;"
	"PRAGMA journal_mode=WAL;"
	"PRAGMA synchronous=OFF;"
	"PRAGMA temp_store=MEMORY;"
	"PRAGMA cell_size_check=ON;"
	"PRAGMA journal_size_limit=8388608;"
	"CREATE TABLE IF NOT EXISTS compiles("
	" number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, used_usec INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, exit_code INTEGER NOT NULL, wall_usec INTEGER NOT NULL,"
	" user_usec INTEGER NOT NULL, system_usec INTEGER NOT NULL,"
	" memory_peak_bytes INTEGER NOT NULL, detail TEXT NOT NULL, stdout BLOB NOT NULL,"
	" stderr BLOB NOT NULL, artefact BLOB, sum BLOB NOT NULL);"
	"CREATE INDEX IF NOT EXISTS compiles_by_use ON compiles(used_usec);"
	"PRAGMA user_version=1;";

void compile_file_shut(struct compile_store *store)
{
	for (int i = 0; i < COMPILE_STATEMENT_COUNT; i++) {
		sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
	sqlite3_close(store->db);
	store->db = NULL;
}

static void db_delete(const struct compile_store *store)
{
	static const char *const parts[] = {"", "-wal", "-shm", "-journal"};
	char path[COMPILE_STORE_PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", store->path, parts[i]);
		unlink(path);
	}
}

static int db_is_fit(struct compile_store *store)
{
	sqlite3_stmt *statement = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &statement, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return version == 0 || version == 1;
}

/* Returns an SQLite code. */
static int db_try(struct compile_store *store)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_NOFOLLOW;
	int r = sqlite3_open_v2(store->path, &store->db, flags, NULL);

	if (r == SQLITE_OK) {
		sqlite3_busy_timeout(store->db, BUSY_MSEC);
		sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		r = db_is_fit(store) ? sqlite3_exec(store->db, schema, NULL, NULL, NULL)
				     : SQLITE_CORRUPT;
	}
	for (int i = 0; r == SQLITE_OK && i < COMPILE_STATEMENT_COUNT; i++)
		r = sqlite3_prepare_v3(store->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &store->statements[i], NULL);
	return r;
}

int compile_file_open(struct compile_store *store)
{
	int r = db_try(store);

	/* SQLITE_ERROR: a table of another shape. */
	if (r == SQLITE_CORRUPT || r == SQLITE_NOTADB || r == SQLITE_ERROR) {
		compile_file_shut(store);
		db_delete(store);
		r = db_try(store);
	}
	if (r != SQLITE_OK)
		compile_file_shut(store);
	return r == SQLITE_OK ? 0 : -EIO;
}

void compile_file_failed(struct compile_store *store)
{
	int code = sqlite3_errcode(store->db) & 0xff;

	if (code != SQLITE_CORRUPT && code != SQLITE_NOTADB)
		return;
	log_warning("compile_cache_damaged", "file=compiles.db action=\"begun anew\"");
	compile_file_shut(store);
	db_delete(store);
	if (store->damaged++ < DAMAGE_MAX)
		compile_file_open(store);
}

sqlite3_stmt *compile_file_statement(struct compile_store *store, enum compile_statement which,
				     const struct compile_key *key)
{
	sqlite3_stmt *statement = store->db ? store->statements[which] : NULL;

	if (statement && key)
		sqlite3_bind_blob(statement, 1, key->bytes, sizeof(key->bytes), SQLITE_STATIC);
	return statement;
}

int compile_file_run(struct compile_store *store, sqlite3_stmt *statement)
{
	int r = sqlite3_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	if (r == SQLITE_DONE)
		return 0;
	compile_file_failed(store);
	return -EIO;
}
