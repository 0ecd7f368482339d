/* The store's inside, shared by store.c (the file) and store_jobs.c (its rows). */
#ifndef FRONT_STORE_INTERNAL_H
#define FRONT_STORE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "front/store.h"

enum { STORE_PATH_MAX = 512, STORE_REPLACED_MAX = 3 };

enum store_statement {
	STATEMENT_ACCEPT,
	STATEMENT_FORGET,
	STATEMENT_END,
	STATEMENT_STEP,
	STATEMENT_OUTPUT,
	STATEMENT_RECOVER,
	STATEMENT_FIND,
	STATEMENT_FIND_STEPS,
	STATEMENT_FIND_OUTPUTS,
	STATEMENT_PRUNE_AGE,
	STATEMENT_PRUNE_COUNT,
	STATEMENT_PRUNE_BYTES,
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_COUNT
};

struct store {
	pthread_mutex_t lock;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	unsigned replaced; /* how often a damaged file was set aside while in use */
	char path[STORE_PATH_MAX];
};

/* The text of a statement (store_jobs.c). */
const char *store_statement_sql(int statement);

/* Says in err what the connection's last error means. Returns -EIO or -EBUSY. */
int store_fail(struct store *store, const char *step, struct error *err);

/* Opens the file, setting aside what cannot be used; see store_open(). */
int store_start(struct store *store, int *ret_set_aside, struct error *err);

/*
 * When the last error was damage to the file: sets it aside and starts a new one. Returns 1 when
 * there is a new one to try again with. The number of times is bounded.
 */
int store_replace_damaged(struct store *store);

#endif
