#include "front/snippets_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/*
 * The file and its life: open, schema, set aside, sweep, close. The rows are snippets_rows.c.
 *
 * The file is not locked exclusively, so that it can be exported while the server runs; that there
 * is one server is seen to by the supervisor, which locks the folder.
 */

enum { BUSY_MSEC = 5000, SWEEP_SEC = 60, ASIDE_MAX = 100, PAGE_BYTES = 4096 };

const struct migration snippet_migrations[] = {
	{
		"CREATE TABLE snippets("
		" id TEXT PRIMARY KEY NOT NULL, hash BLOB NOT NULL, created_usec INTEGER NOT NULL,"
		" document TEXT NOT NULL);"
		"CREATE TABLE claims("
		" snippet TEXT NOT NULL REFERENCES snippets(id) ON DELETE CASCADE,"
		" token_hash BLOB NOT NULL, expires_usec INTEGER,"
		" PRIMARY KEY(snippet, token_hash)"
		") WITHOUT ROWID;"
		"CREATE INDEX claims_by_end ON claims(expires_usec)"
		" WHERE expires_usec IS NOT NULL;",
		"DROP TABLE claims; DROP TABLE snippets;",
	},
};

const unsigned snippet_version = sizeof(snippet_migrations) / sizeof(snippet_migrations[0]);

/*
 * synchronous=FULL: what was acknowledged outlives a power cut, too. secure_delete: what somebody
 * deletes is gone from the file.
 */
static const char settings[] = "PRAGMA journal_mode=WAL;"
			       "PRAGMA synchronous=FULL;"
			       "PRAGMA foreign_keys=ON;"
			       "PRAGMA secure_delete=ON;"
			       "PRAGMA temp_store=MEMORY;"
			       "PRAGMA journal_size_limit=8388608;";

int snippets_fail(struct snippets *snippets, const char *step, struct error *err)
{
	int code = sqlite3_errcode(snippets->db) & 0xff;

	if (code == SQLITE_FULL)
		return error_set_plain(err, -ENOSPC, step,
				       "the server has no room for more snippets");
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return error_set_plain(err, -EBUSY, step,
				       "another program is writing the snippets; try again");
	return error_set_plain(err, -EIO, step, "the server's snippets (snippets.db) fail: %.120s",
			       snippets->db ? sqlite3_errmsg(snippets->db) : "out of memory");
}

static int is_damaged(struct snippets *snippets)
{
	int code = sqlite3_errcode(snippets->db) & 0xff;
	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

static void shut(struct snippets *snippets)
{
	for (int i = 0; i < SNIPPET_STATEMENT_COUNT; i++) {
		sqlite3_finalize(snippets->statements[i]);
		snippets->statements[i] = NULL;
	}
	sqlite3_close(snippets->db);
	snippets->db = NULL;
}

static int prepare(struct snippets *snippets)
{
	static const char *const sql[SNIPPET_STATEMENT_COUNT] = {
#define X(name, text) [SNIPPET_##name] = text,
		SNIPPET_STATEMENTS(X)
#undef X
	};
	int r = SQLITE_OK;

	for (int i = 0; r == SQLITE_OK && i < SNIPPET_STATEMENT_COUNT; i++)
		r = sqlite3_prepare_v3(snippets->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &snippets->statements[i], NULL);
	return r;
}

/* A tool leaves the schema of a file that a server may be using as it is. */
static int schema(struct snippets *snippets, enum snippets_user user, struct error *err)
{
	unsigned version = 0;
	int r = migrate_version(snippets->db, &version, err);

	if (r == 0 && user == SNIPPETS_TOOL && version && version != snippet_version)
		return error_set_plain(err, -EPROTO, "snippets_open",
				       "snippets.db is of version %u, this program of %u: start a "
				       "server of this program on the folder first",
				       version, snippet_version);
	if (r == 0)
		r = migrate(snippets->db, snippet_migrations, snippet_version, snippet_version,
			    err);
	return r;
}

/* Returns 0, or a negative errno; -EUCLEAN: damaged. */
static int open_file(struct snippets *snippets, enum snippets_user user, struct error *err)
{
	char bound[64];
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_NOFOLLOW;
	int r = sqlite3_open_v2(snippets->path, &snippets->db, flags, NULL);

	snprintf(bound, sizeof(bound), "PRAGMA max_page_count=%llu",
		 (unsigned long long)(SNIPPETS_BYTES_MAX / PAGE_BYTES));
	if (r == SQLITE_OK) {
		sqlite3_busy_timeout(snippets->db, BUSY_MSEC);
		sqlite3_db_config(snippets->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		r = sqlite3_exec(snippets->db, settings, NULL, NULL, NULL);
	}
	if (r == SQLITE_OK)
		r = sqlite3_exec(snippets->db, bound, NULL, NULL, NULL);
	if (r == SQLITE_OK) {
		r = schema(snippets, user, err);
		if (r < 0 && is_damaged(snippets))
			return -EUCLEAN;
		if (r < 0)
			return r;
		r = prepare(snippets);
	}
	if (r == SQLITE_OK)
		return 0;
	/* A file whose tables are not ours is damage as well. */
	if (is_damaged(snippets) || (sqlite3_errcode(snippets->db) & 0xff) == SQLITE_ERROR)
		return -EUCLEAN;
	return snippets_fail(snippets, "snippets_open", err);
}

/* Never over what was set aside before: somebody may be able to mend it. */
static int set_aside(struct snippets *snippets, struct error *err)
{
	static const char *const parts[] = {"-wal", "-shm"};
	char from[SNIPPETS_PATH_MAX + 16], to[SNIPPETS_PATH_MAX + 32];
	char suffix[24] = ".damaged";
	int r = -1;

	for (int i = 1; r < 0 && i <= ASIDE_MAX; i++) {
		snprintf(to, sizeof(to), "%s%s", snippets->path, suffix);
		r = renameat2(AT_FDCWD, snippets->path, AT_FDCWD, to, RENAME_NOREPLACE);
		if (r < 0 && errno != EEXIST)
			break;
		if (r < 0)
			snprintf(suffix, sizeof(suffix), ".damaged-%d", i);
	}
	if (r < 0)
		return error_set(err, -errno, "snippets_open", "cannot set %.120s aside",
				 snippets->path);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", snippets->path, parts[i]);
		snprintf(to, sizeof(to), "%s%s%s", snippets->path, suffix, parts[i]);
		if (rename(from, to) < 0 && errno != ENOENT)
			return error_set(err, -errno, "snippets_open", "cannot set %.120s aside",
					 from);
	}
	return 0;
}

static void *sweeper_main(void *argument)
{
	struct snippets *snippets = argument;
	struct timespec until;

	pthread_mutex_lock(&snippets->lock);
	while (!snippets->stopping) {
		pthread_mutex_unlock(&snippets->lock);
		snippets_sweep(snippets, clock_real_usec(), NULL);
		pthread_mutex_lock(&snippets->lock);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += SWEEP_SEC;
		if (!snippets->stopping)
			pthread_cond_timedwait(&snippets->stop_changed, &snippets->lock, &until);
	}
	pthread_mutex_unlock(&snippets->lock);
	return NULL;
}

static struct snippets *snippets_alloc(void)
{
	struct snippets *snippets = calloc(1, sizeof(*snippets));
	pthread_condattr_t attributes;

	if (!snippets)
		return NULL;
	pthread_mutex_init(&snippets->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&snippets->stop_changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return snippets;
}

int snippets_open(const char *folder, enum snippets_user user, struct snippets **ret_snippets,
		  int *ret_set_aside, struct error *err)
{
	struct snippets *snippets = snippets_alloc();
	int damaged = 0, r;

	if (!snippets)
		return error_set(err, -ENOMEM, "snippets_open", "cannot open the snippets");
	r = snprintf(snippets->path, sizeof(snippets->path), "%s/snippets.db", folder);
	if (r < 0 || (size_t)r >= sizeof(snippets->path))
		r = error_set(err, -ENAMETOOLONG, "snippets_open", "the data folder's path");
	else
		r = open_file(snippets, user, err);
	damaged = r == -EUCLEAN;
	if (damaged && user == SNIPPETS_TOOL)
		r = snippets_fail(snippets, "snippets_open", err);
	else if (damaged) {
		shut(snippets);
		r = set_aside(snippets, err);
		if (r == 0)
			r = open_file(snippets, user, err);
	}
	if (r == 0 && user == SNIPPETS_SERVER) {
		r = -pthread_create(&snippets->sweeper, NULL, sweeper_main, snippets);
		snippets->has_sweeper = r == 0;
		if (r < 0)
			error_set(err, r, "snippets_open", "cannot start a thread");
	}
	if (r < 0) {
		snippets_close(snippets);
		return r == -EUCLEAN ? error_set_plain(err, -EIO, "snippets_open",
						       "a new snippets.db cannot be made")
				     : r;
	}
	*ret_snippets = snippets;
	*ret_set_aside = damaged;
	return 0;
}

struct snippets *snippets_close(struct snippets *snippets)
{
	if (!snippets)
		return NULL;
	if (snippets->has_sweeper) {
		pthread_mutex_lock(&snippets->lock);
		snippets->stopping = 1;
		pthread_cond_signal(&snippets->stop_changed);
		pthread_mutex_unlock(&snippets->lock);
		pthread_join(snippets->sweeper, NULL);
	}
	shut(snippets);
	pthread_cond_destroy(&snippets->stop_changed);
	pthread_mutex_destroy(&snippets->lock);
	free(snippets);
	return NULL;
}
