#include "front/compile_store_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"

enum { SAVES_MAX = 64 };
/* One entry may take a quarter of the room. */
enum { ENTRY_SHARE = 4 };

/* ---- which keys the file has ---- */

static struct compile_known *known_find(struct compile_store *store, const struct compile_key *key,
					size_t *ret_chain)
{
	struct compile_known *known;
	size_t chain = ((size_t)key->bytes[0] << 8 | key->bytes[1]) % COMPILE_STORE_CHAINS;

	LIST_FOREACH (known, &store->known[chain], in_chain)
		if (compile_key_equal(&known->key, key))
			break;
	*ret_chain = chain;
	return known;
}

static void known_add(struct compile_store *store, const struct compile_key *key)
{
	size_t chain;

	pthread_mutex_lock(&store->lock);
	struct compile_known *known =
		known_find(store, key, &chain) ? NULL : malloc(sizeof(*known));
	if (known) {
		known->key = *key;
		LIST_INSERT_HEAD(&store->known[chain], known, in_chain);
	}
	pthread_mutex_unlock(&store->lock);
}

static int known_has(struct compile_store *store, const struct compile_key *key)
{
	size_t chain;

	pthread_mutex_lock(&store->lock);
	int has = known_find(store, key, &chain) != NULL;
	pthread_mutex_unlock(&store->lock);
	return has;
}

static void known_remove(struct compile_store *store, const struct compile_key *key)
{
	size_t chain;

	pthread_mutex_lock(&store->lock);
	struct compile_known *known = known_find(store, key, &chain);
	if (known)
		LIST_REMOVE(known, in_chain);
	pthread_mutex_unlock(&store->lock);
	free(known);
}

static void known_fill(struct compile_store *store)
{
	sqlite3_stmt *statement = compile_file_statement(store, COMPILE_KEYS, NULL);
	struct compile_key key;

	while (sqlite3_step(statement) == SQLITE_ROW)
		if (sqlite3_column_bytes(statement, 0) == (int)sizeof(key.bytes)) {
			memcpy(key.bytes, sqlite3_column_blob(statement, 0), sizeof(key.bytes));
			known_add(store, &key);
		}
	sqlite3_reset(statement);
}

static void known_fini(struct compile_store *store)
{
	struct compile_known *known;

	for (size_t i = 0; i < COMPILE_STORE_CHAINS; i++)
		while ((known = LIST_FIRST(&store->known[i])) != NULL) {
			LIST_REMOVE(known, in_chain);
			free(known);
		}
}

/* ---- an entry's bytes ---- */

struct body {
	const void *parts[3]; /* stdout, stderr, artefact */
	uint64_t lens[3];
};

static void sum_make(const struct compile_entry *entry, const struct body *body,
		     uint8_t ret_sum[SHA256_BYTES])
{
	const struct step_result *result = &entry->result;
	const uint64_t numbers[] = {
		(uint64_t)result->exit_code,
		result->wall_usec,
		result->user_usec,
		result->system_usec,
		result->memory_peak_bytes,
		body->lens[0],
		body->lens[1],
		body->lens[2],
	};
	struct sha256 hash;

	sha256_begin(&hash);
	sha256_add(&hash, entry->key.bytes, sizeof(entry->key.bytes));
	sha256_add(&hash, numbers, sizeof(numbers));
	sha256_add(&hash, result->detail, strlen(result->detail));
	for (int i = 0; i < 3; i++)
		sha256_add(&hash, body->parts[i], body->lens[i]);
	sha256_end(&hash, ret_sum);
}

/* The entry of a row that FIND has found, or NULL when it is not what was saved. */
static struct compile_entry *entry_read(sqlite3_stmt *row, const struct compile_key *key)
{
	struct compile_entry *entry = compile_entry_new(key);
	uint8_t sum[SHA256_BYTES];
	struct body body;

	if (!entry)
		return NULL;
	entry->result = (struct step_result){
		.kind = STEP_COMPILE,
		.outcome = OUTCOME_EXITED,
		.exit_code = sqlite3_column_int(row, 0),
		.wall_usec = (uint64_t)sqlite3_column_int64(row, 1),
		.user_usec = (uint64_t)sqlite3_column_int64(row, 2),
		.system_usec = (uint64_t)sqlite3_column_int64(row, 3),
		.memory_peak_bytes = (uint64_t)sqlite3_column_int64(row, 4),
	};
	const char *detail = (const char *)sqlite3_column_text(row, 5);
	snprintf(entry->result.detail, sizeof(entry->result.detail), "%s", detail ? detail : "");
	for (int i = 0; i < 3; i++) {
		body.parts[i] = sqlite3_column_blob(row, 6 + i);
		body.lens[i] = (uint64_t)sqlite3_column_bytes(row, 6 + i);
	}
	int has_artefact = sqlite3_column_type(row, 8) == SQLITE_BLOB;
	sum_make(entry, &body, sum);
	int ok = sqlite3_column_bytes(row, 9) == (int)sizeof(sum) &&
		 memcmp(sum, sqlite3_column_blob(row, 9), sizeof(sum)) == 0;
	for (int i = 0; ok && i < 2; i++)
		ok = compile_entry_set_output(entry, i + 1, body.parts[i], body.lens[i]) == 0;
	if (ok && has_artefact) {
		entry->artefact_fd = memfd_new_sealed("artefact", body.parts[2], body.lens[2]);
		entry->artefact_bytes = body.lens[2];
		ok = entry->artefact_fd >= 0;
	}
	return ok ? entry : compile_entry_unref(entry);
}

static void entry_drop(struct compile_store *store, const struct compile_key *key)
{
	sqlite3_stmt *statement = compile_file_statement(store, COMPILE_DROP, key);

	known_remove(store, key);
	if (statement)
		compile_file_run(store, statement);
}

struct compile_entry *compile_store_load(struct compile_store *store, const struct compile_key *key)
{
	struct compile_entry *entry = NULL;

	if (!store || !known_has(store, key))
		return NULL;
	pthread_mutex_lock(&store->db_lock);
	sqlite3_stmt *statement = compile_file_statement(store, COMPILE_FIND, key);
	int r = statement ? sqlite3_step(statement) : SQLITE_DONE;
	if (r == SQLITE_ROW)
		entry = entry_read(statement, key);
	if (statement)
		sqlite3_reset(statement);
	if (r == SQLITE_ROW && !entry) {
		log_warning("compile_cache_entry_dropped", "reason=\"not what was saved\"");
		entry_drop(store, key);
	} else if (r == SQLITE_ROW &&
		   (statement = compile_file_statement(store, COMPILE_USED, key)) != NULL) {
		sqlite3_bind_int64(statement, 2, (sqlite3_int64)clock_real_usec());
		compile_file_run(store, statement);
	} else if (r != SQLITE_DONE && statement) {
		compile_file_failed(store);
	}
	pthread_mutex_unlock(&store->db_lock);
	return entry;
}

/* ---- saving ---- */

static uint64_t total_bytes(struct compile_store *store)
{
	sqlite3_stmt *statement = compile_file_statement(store, COMPILE_TOTAL, NULL);
	uint64_t total = 0;

	if (statement && sqlite3_step(statement) == SQLITE_ROW)
		total = (uint64_t)sqlite3_column_int64(statement, 0);
	if (statement)
		sqlite3_reset(statement);
	return total;
}

static int drop_oldest(struct compile_store *store)
{
	sqlite3_stmt *statement = compile_file_statement(store, COMPILE_OLDEST, NULL);
	struct compile_key key = {{0}};
	int found = 0;

	if (statement && sqlite3_step(statement) == SQLITE_ROW &&
	    sqlite3_column_bytes(statement, 0) == (int)sizeof(key.bytes)) {
		memcpy(key.bytes, sqlite3_column_blob(statement, 0), sizeof(key.bytes));
		found = 1;
	}
	if (statement)
		sqlite3_reset(statement);
	if (found)
		entry_drop(store, &key);
	return found;
}

/* Returns 0 or a negative errno; the file may have been begun anew then. */
static int entry_write(struct compile_store *store, const struct compile_entry *entry,
		       const struct body *body)
{
	const struct step_result *result = &entry->result;
	uint64_t bytes = compile_entry_bytes(entry);
	uint8_t sum[SHA256_BYTES];

	sum_make(entry, body, sum);
	while (total_bytes(store) + bytes > store->bytes_max && drop_oldest(store))
		;
	sqlite3_stmt *statement = compile_file_statement(store, COMPILE_SAVE, &entry->key);
	if (!statement)
		return -EIO;
	const uint64_t numbers[] = {
		clock_real_usec(),	     bytes,
		(uint64_t)result->exit_code, result->wall_usec,
		result->user_usec,	     result->system_usec,
		result->memory_peak_bytes,
	};
	for (int i = 0; i < (int)(sizeof(numbers) / sizeof(numbers[0])); i++)
		sqlite3_bind_int64(statement, 2 + i, (sqlite3_int64)numbers[i]);
	sqlite3_bind_text(statement, 9, result->detail, -1, SQLITE_STATIC);
	for (int i = 0; i < 2; i++)
		sqlite3_bind_blob64(statement, 10 + i, body->lens[i] ? body->parts[i] : "",
				    body->lens[i], SQLITE_STATIC);
	if (entry->artefact_fd >= 0)
		sqlite3_bind_blob64(statement, 12, body->lens[2] ? body->parts[2] : "",
				    body->lens[2], SQLITE_STATIC);
	sqlite3_bind_blob(statement, 13, sum, sizeof(sum), SQLITE_STATIC);
	int r = compile_file_run(store, statement);
	if (r == 0)
		known_add(store, &entry->key);
	return r;
}

static void entry_save(struct compile_store *store, const struct compile_entry *entry)
{
	void *artefact = NULL;

	if (compile_entry_bytes(entry) > store->bytes_max / ENTRY_SHARE)
		return;
	if (entry->artefact_fd >= 0 && entry->artefact_bytes > 0) {
		artefact = mmap(NULL, entry->artefact_bytes, PROT_READ, MAP_PRIVATE,
				entry->artefact_fd, 0);
		if (artefact == MAP_FAILED)
			return;
	}
	const struct body body = {
		.parts = {entry->outputs[0].data, entry->outputs[1].data, artefact},
		.lens = {entry->outputs[0].len, entry->outputs[1].len, entry->artefact_bytes},
	};
	pthread_mutex_lock(&store->db_lock);
	/* The second time into a new file, should the first have met with damage. */
	if (store->db && entry_write(store, entry, &body) < 0 && store->db)
		entry_write(store, entry, &body);
	pthread_mutex_unlock(&store->db_lock);
	if (artefact)
		munmap(artefact, entry->artefact_bytes);
}

static void *saver_main(void *context)
{
	struct compile_store *store = context;
	struct compile_save *save;

	pthread_mutex_lock(&store->lock);
	for (;;) {
		while (!(save = TAILQ_FIRST(&store->saves)) && !store->stopping)
			pthread_cond_wait(&store->changed, &store->lock);
		if (!save)
			break;
		TAILQ_REMOVE(&store->saves, save, in_list);
		store->save_count--;
		pthread_mutex_unlock(&store->lock);
		entry_save(store, save->entry);
		compile_entry_unref(save->entry);
		free(save);
		pthread_mutex_lock(&store->lock);
	}
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

void compile_store_save(struct compile_store *store, struct compile_entry *entry)
{
	struct compile_save *save = store ? malloc(sizeof(*save)) : NULL;

	if (!save)
		return;
	save->entry = entry;
	pthread_mutex_lock(&store->lock);
	if (store->save_count < SAVES_MAX && !store->stopping) {
		compile_entry_ref(entry);
		TAILQ_INSERT_TAIL(&store->saves, save, in_list);
		store->save_count++;
		pthread_cond_signal(&store->changed);
		save = NULL;
	}
	pthread_mutex_unlock(&store->lock);
	free(save);
}

int compile_store_open(const char *folder, uint64_t bytes_max, struct compile_store **ret_store,
		       struct error *err)
{
	struct compile_store *store = calloc(1, sizeof(*store));

	assert(bytes_max > 0);
	if (!store)
		return error_set(err, -ENOMEM, "compile-cache", "cannot start");
	store->bytes_max = bytes_max;
	snprintf(store->path, sizeof(store->path), "%s/compiles.db", folder);
	TAILQ_INIT(&store->saves);
	pthread_mutex_init(&store->db_lock, NULL);
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->changed, NULL);
	int r = compile_file_open(store);
	if (r == 0)
		known_fill(store);
	if (r == 0)
		r = -pthread_create(&store->saver, NULL, saver_main, store);
	if (r < 0) {
		compile_file_shut(store);
		known_fini(store);
		free(store);
		return error_set(err, r, "compile-cache", "cannot use compiles.db");
	}
	*ret_store = store;
	return 0;
}

struct compile_store *compile_store_close(struct compile_store *store)
{
	if (!store)
		return NULL;
	pthread_mutex_lock(&store->lock);
	store->stopping = 1;
	pthread_cond_signal(&store->changed);
	pthread_mutex_unlock(&store->lock);
	pthread_join(store->saver, NULL);
	compile_file_shut(store);
	known_fini(store);
	pthread_mutex_destroy(&store->lock);
	pthread_mutex_destroy(&store->db_lock);
	pthread_cond_destroy(&store->changed);
	free(store);
	return NULL;
}
