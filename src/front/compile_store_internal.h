/* The compile store's inside: compile_store_file.c (the database) and compile_store.c (entries). */
#ifndef FRONT_COMPILE_STORE_INTERNAL_H
#define FRONT_COMPILE_STORE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>
#include <sys/queue.h>

#include "front/compile_store.h"

enum { COMPILE_STORE_PATH_MAX = 512, COMPILE_STORE_CHAINS = 1024 };

enum compile_statement {
	COMPILE_FIND,
	COMPILE_USED,
	COMPILE_SAVE,
	COMPILE_DROP,
	COMPILE_OLDEST,
	COMPILE_TOTAL,
	COMPILE_KEYS,
	COMPILE_STATEMENT_COUNT
};

struct compile_save {
	TAILQ_ENTRY(compile_save) in_list;
	struct compile_entry *entry;
};

/* A key that the file has, as far as is known: what it has not is not looked for there. */
struct compile_known {
	LIST_ENTRY(compile_known) in_chain;
	struct compile_key key;
};

struct compile_store {
	uint64_t bytes_max;
	char path[COMPILE_STORE_PATH_MAX];
	pthread_t saver;

	pthread_mutex_t db_lock; /* guards the connection; held while the disk is waited for */
	sqlite3 *db;		 /* NULL: given up */
	sqlite3_stmt *statements[COMPILE_STATEMENT_COUNT];
	unsigned damaged; /* how often the file was begun anew */

	pthread_mutex_t lock; /* guards what follows; may be taken with the other held */
	pthread_cond_t changed;
	TAILQ_HEAD(, compile_save) saves;
	unsigned save_count;
	int stopping;
	LIST_HEAD(, compile_known) known[COMPILE_STORE_CHAINS];
};

/* ---- compile_store_file.c: with db_lock held, or before there are threads ---- */

/* Opens the file; one that cannot be used is deleted first. Returns 0 or -EIO. */
int compile_file_open(struct compile_store *store);

void compile_file_shut(struct compile_store *store);

/* The last statement has failed: begins the file anew when that was for damage. */
void compile_file_failed(struct compile_store *store);

/* The statement, with the key (or NULL) bound as its first parameter; NULL when given up. */
sqlite3_stmt *compile_file_statement(struct compile_store *store, enum compile_statement which,
				     const struct compile_key *key);

/* Runs one that gives no row. Returns 0 or -EIO. */
int compile_file_run(struct compile_store *store, sqlite3_stmt *statement);

#endif
