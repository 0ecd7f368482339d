#include "front/store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"

/*
 * The file and its life: open, schema, set aside, recover, close. The rows are store_jobs.c.
 *
 * The database is locked exclusively from the first statement on: a second server on the same
 * folder would end this one's jobs when it recovers. With the exclusive lock WAL needs no shared
 * memory file.
 */

enum { SCHEMA_VERSION = 1, BUSY_MSEC = 3000, SET_ASIDE_DAMAGED = 1, SET_ASIDE_LATER = 2 };

static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE jobs("
	" id TEXT PRIMARY KEY NOT NULL, client TEXT NOT NULL, language TEXT NOT NULL,"
	" accepted_usec INTEGER NOT NULL, ended_usec INTEGER,"
	" outcome TEXT, detail TEXT, last_step TEXT, queued_usec INTEGER, total_usec INTEGER"
	") WITHOUT ROWID;"
	"CREATE INDEX jobs_by_age ON jobs(accepted_usec);"
	"CREATE TABLE steps("
	" job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, step TEXT NOT NULL,"
	" outcome TEXT NOT NULL, detail TEXT NOT NULL, exit_code INTEGER NOT NULL,"
	" signal INTEGER NOT NULL, wall_usec INTEGER NOT NULL, user_usec INTEGER NOT NULL,"
	" system_usec INTEGER NOT NULL, memory_peak_bytes INTEGER NOT NULL,"
	" truncated_stdout INTEGER NOT NULL, truncated_stderr INTEGER NOT NULL,"
	" PRIMARY KEY(job, step)"
	") WITHOUT ROWID;"
	"CREATE TABLE outputs("
	" number INTEGER PRIMARY KEY, job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,"
	" step TEXT NOT NULL, stream INTEGER NOT NULL, data BLOB NOT NULL);"
	"CREATE INDEX outputs_by_job ON outputs(job);"
	"PRAGMA user_version=1;"
	"COMMIT;";

/* The order matters: the lock first, then WAL. */
static const char settings[] = "PRAGMA locking_mode=EXCLUSIVE;"
			       "PRAGMA journal_mode=WAL;"
			       "PRAGMA synchronous=NORMAL;"
			       "PRAGMA foreign_keys=ON;"
			       "PRAGMA temp_store=MEMORY;"
			       "PRAGMA journal_size_limit=8388608;";

int store_fail(struct store *store, const char *step, struct error *err)
{
	int code = sqlite3_errcode(store->db) & 0xff;

	if (code == SQLITE_FULL)
		return error_set_plain(err, -EIO, step,
				       "the server's disk is full: nothing can be put on record");
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return error_set_plain(err, -EBUSY, step, "another server uses this data folder");
	return error_set_plain(err, -EIO, step, "the server's records (sandlot.db) fail: %s",
			       store->db ? sqlite3_errmsg(store->db) : "out of memory");
}

/* A damaged file, as opposed to a full disk or a lock. */
static int store_is_damaged(struct store *store)
{
	int code = sqlite3_errcode(store->db) & 0xff;
	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

static void store_shut(struct store *store)
{
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
	sqlite3_close(store->db);
	store->db = NULL;
}

static int store_version(struct store *store, int *ret_version)
{
	sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &statement, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	if (r == SQLITE_ROW)
		*ret_version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return r == SQLITE_ROW ? 0 : -EIO;
}

/* Returns 0, or a negative errno; -EUCLEAN: damaged; -EPROTO: written by a later version. */
static int store_try(struct store *store, struct error *err)
{
	int version = 0;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_NOFOLLOW;
	int r = sqlite3_open_v2(store->path, &store->db, flags, NULL);

	if (r == SQLITE_OK) {
		sqlite3_busy_timeout(store->db, BUSY_MSEC);
		sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		r = sqlite3_exec(store->db, settings, NULL, NULL, NULL);
	}
	if (r == SQLITE_OK && store_version(store, &version) < 0)
		r = sqlite3_errcode(store->db);
	if (r == SQLITE_OK && version > SCHEMA_VERSION)
		return -EPROTO;
	if (r == SQLITE_OK && version == 0)
		r = sqlite3_exec(store->db, schema, NULL, NULL, NULL);
	for (int i = 0; r == SQLITE_OK && i < STATEMENT_COUNT; i++)
		r = sqlite3_prepare_v3(store->db, store_statement_sql(i), -1,
				       SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL);
	if (r == SQLITE_OK)
		return 0;
	/* A schema that is not ours (a missing table, say) is damage as well. */
	if (store_is_damaged(store) || (sqlite3_errcode(store->db) & 0xff) == SQLITE_ERROR)
		return -EUCLEAN;
	return store_fail(store, "store_open", err);
}

/* One file of each kind is kept, so that repeated damage does not fill the disk. */
static int store_set_aside(struct store *store, const char *suffix, struct error *err)
{
	static const char *const parts[] = {"", "-wal", "-shm", "-journal"};

	store_shut(store);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char from[STORE_PATH_MAX + 16], to[STORE_PATH_MAX + 32];
		snprintf(from, sizeof(from), "%s%s", store->path, parts[i]);
		snprintf(to, sizeof(to), "%s%s%s", store->path, suffix, parts[i]);
		if (rename(from, to) < 0 && errno != ENOENT)
			return error_set(err, -errno, "store_open", "cannot set %s aside", from);
	}
	return 0;
}

/* Opens, if need be after setting aside what cannot be used. */
int store_start(struct store *store, int *ret_set_aside, struct error *err)
{
	int r = store_try(store, err);

	*ret_set_aside = r == -EUCLEAN ? SET_ASIDE_DAMAGED : r == -EPROTO ? SET_ASIDE_LATER : 0;
	if (!*ret_set_aside)
		return r;
	r = store_set_aside(store, *ret_set_aside == SET_ASIDE_LATER ? ".later" : ".damaged", err);
	if (r < 0)
		return r;
	r = store_try(store, err);
	if (r == -EUCLEAN || r == -EPROTO)
		return store_fail(store, "store_open", err);
	return r;
}

int store_replace_damaged(struct store *store)
{
	int set_aside;

	if (!store_is_damaged(store) || store->replaced > STORE_REPLACED_MAX)
		return 0;
	store->replaced++;
	if (store_set_aside(store, ".damaged", NULL) < 0)
		return 0;
	return store_start(store, &set_aside, NULL) == 0;
}

static int store_recover(struct store *store, unsigned *ret_recovered, struct error *err)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_RECOVER];

	sqlite3_bind_int64(statement, 1, (sqlite3_int64)clock_real_usec());
	sqlite3_bind_text(statement, 2, outcome_name(OUTCOME_INTERNAL_ERROR), -1, SQLITE_STATIC);
	sqlite3_bind_text(
		statement, 3,
		"The server restarted while this job was waiting or running; run it again.", -1,
		SQLITE_STATIC);
	int r = sqlite3_step(statement);
	sqlite3_reset(statement);
	if (r != SQLITE_DONE)
		return store_fail(store, "store_recover", err);
	*ret_recovered = (unsigned)sqlite3_changes(store->db);
	return 0;
}

int store_open(const char *folder, struct store **ret_store, int *ret_set_aside,
	       unsigned *ret_recovered, struct error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return error_set(err, -ENOMEM, "store_open", "cannot open the records");
	pthread_mutex_init(&store->lock, NULL);
	r = snprintf(store->path, sizeof(store->path), "%s/sandlot.db", folder);
	if (r < 0 || (size_t)r >= sizeof(store->path))
		r = error_set(err, -ENAMETOOLONG, "store_open", "the data folder's path");
	else
		r = store_start(store, ret_set_aside, err);
	if (r == 0)
		r = store_recover(store, ret_recovered, err);
	if (r == -EIO && store_is_damaged(store)) {
		/* Damage that the opening statements did not touch. */
		*ret_set_aside = SET_ASIDE_DAMAGED;
		*ret_recovered = 0;
		r = store_replace_damaged(store) ? 0 : r;
	}
	if (r == 0)
		r = store_prune(store, clock_real_usec(), STORE_JOBS_MAX, STORE_BYTES_MAX, err);
	if (r < 0) {
		store_close(store);
		return r;
	}
	*ret_store = store;
	return 0;
}

struct store *store_close(struct store *store)
{
	if (!store)
		return NULL;
	store_shut(store);
	pthread_mutex_destroy(&store->lock);
	free(store);
	return NULL;
}
