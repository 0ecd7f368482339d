/*
 * The snippets' inside: snippets.c (the file), snippets_rows.c (its rows), snippet_document.c (what
 * is in one), snippets_lines.c (out and in as lines).
 */
#ifndef FRONT_SNIPPETS_INTERNAL_H
#define FRONT_SNIPPETS_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "front/sha256.h"
#include "front/migrate.h"
#include "front/snippets.h"

enum { SNIPPETS_PATH_MAX = 512, SNIPPET_ATTEMPTS = 8 };

/* X(name, SQL) */
#define SNIPPET_STATEMENTS(X)                                                                      \
	X(BEGIN, "BEGIN IMMEDIATE")                                                                \
	X(COMMIT, "COMMIT")                                                                        \
	X(ROLLBACK, "ROLLBACK")                                                                    \
	X(HASH, "SELECT hash FROM snippets WHERE id=?1")                                           \
	X(INSERT, "INSERT INTO snippets VALUES(?1,?2,?3,?4)")                                      \
	X(CLAIM, "INSERT OR REPLACE INTO claims VALUES(?1,?2,?3)")                                 \
	X(GET, "SELECT document,created_usec,"                                                     \
	       " (SELECT CASE WHEN count(*)=count(expires_usec) THEN max(expires_usec) ELSE 0 END" \
	       "  FROM claims WHERE snippet=id) FROM snippets WHERE id=?1")                        \
	X(UNCLAIM, "DELETE FROM claims WHERE snippet=?1 AND token_hash=?2")                        \
	X(REMOVE, "DELETE FROM snippets WHERE id=?1"                                               \
		  " AND NOT EXISTS(SELECT 1 FROM claims WHERE snippet=?1)")                        \
	X(SWEEP, "DELETE FROM snippets WHERE id IN"                                                \
		 " (SELECT snippet FROM claims WHERE expires_usec<=?1)"                            \
		 " AND NOT EXISTS(SELECT 1 FROM claims WHERE snippet=id"                           \
		 "  AND (expires_usec IS NULL OR expires_usec>?1))")                               \
	X(SWEEP_CLAIMS, "DELETE FROM claims WHERE expires_usec<=?1")                               \
	X(NEXT, "SELECT id,created_usec,document FROM snippets WHERE id>?1 ORDER BY id LIMIT 1")   \
	X(CLAIMS, "SELECT token_hash,expires_usec FROM claims WHERE snippet=?1 ORDER BY 1")

enum snippet_statement {
#define X(name, sql) SNIPPET_##name,
	SNIPPET_STATEMENTS(X)
#undef X
		SNIPPET_STATEMENT_COUNT
};

struct snippets {
	pthread_mutex_t lock; /* guards what follows */
	sqlite3 *db;
	sqlite3_stmt *statements[SNIPPET_STATEMENT_COUNT];
	pthread_cond_t stop_changed;
	int stopping, has_sweeper;
	pthread_t sweeper;
	char path[SNIPPETS_PATH_MAX];
};

/* The schema's versions (snippets.c), the first at 0. */
extern const struct migration snippet_migrations[];
extern const unsigned snippet_version;

/* Says in err what the connection's last error means. Returns -ENOSPC, -EBUSY or -EIO. */
int snippets_fail(struct snippets *snippets, const char *step, struct error *err);

/* ---- snippets_rows.c; the lock is held ---- */

/* Runs a bound statement that gives no rows and forgets what was bound. Returns 0 or -EIO. */
int snippets_run(struct snippets *snippets, enum snippet_statement which);

/* A snippet with its id, if need be made; within a transaction. text: canonical. */
int snippets_insert(struct snippets *snippets, const char *text, uint64_t created_usec,
		    char ret_id[SNIPPET_ID_SIZE]);

/* A claim on it. expires_usec: 0 is never. */
int snippets_claim(struct snippets *snippets, const char *id, const uint8_t hash[SHA256_BYTES],
		   uint64_t expires_usec);

/* ---- snippet_document.c ---- */

/* The one text of a document: what its id is made from and what is stored. New, or NULL. */
char *snippet_document_text(const json_t *document);

/* The id that content of this hash has when those of all earlier attempts are taken. Pure. */
void snippet_id(const uint8_t hash[SHA256_BYTES], unsigned attempt, char ret_id[SNIPPET_ID_SIZE]);

int snippet_id_is_valid(const char *id);

#endif
