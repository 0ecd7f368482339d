#include "front/snippets_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/fd.h"

static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static void bind_hash(sqlite3_stmt *statement, int index, const uint8_t hash[SHA256_BYTES])
{
	sqlite3_bind_blob(statement, index, hash, SHA256_BYTES, SQLITE_STATIC);
}

int snippets_run(struct snippets *snippets, enum snippet_statement which)
{
	sqlite3_stmt *statement = snippets->statements[which];
	int r = sqlite3_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return r == SQLITE_DONE ? 0 : -EIO;
}

/* Ends a transaction that went well until r. Returns r, or -EIO. */
static int finish(struct snippets *snippets, int r, const char *step, struct error *err)
{
	if (r == 0)
		r = snippets_run(snippets, SNIPPET_COMMIT);
	if (r < 0) {
		r = snippets_fail(snippets, step, err);
		if (!sqlite3_get_autocommit(snippets->db))
			snippets_run(snippets, SNIPPET_ROLLBACK);
	}
	return r;
}

/* Whose content has this id? Returns 1 ours, 0 nobody's, -EEXIST other content's, -EIO. */
static int id_owner(struct snippets *snippets, const char *id, const uint8_t hash[SHA256_BYTES])
{
	sqlite3_stmt *statement = snippets->statements[SNIPPET_HASH];

	bind_text(statement, 1, id);
	int r = sqlite3_step(statement);
	int owner = r == SQLITE_DONE ? 0 : r == SQLITE_ROW ? -EEXIST : -EIO;
	if (r == SQLITE_ROW && sqlite3_column_bytes(statement, 0) == SHA256_BYTES &&
	    memcmp(sqlite3_column_blob(statement, 0), hash, SHA256_BYTES) == 0)
		owner = 1;
	sqlite3_reset(statement);
	return owner;
}

int snippets_insert(struct snippets *snippets, const char *text, uint64_t created_usec,
		    char ret_id[SNIPPET_ID_SIZE])
{
	sqlite3_stmt *statement = snippets->statements[SNIPPET_INSERT];
	uint8_t hash[SHA256_BYTES];
	int owner = -EEXIST;

	sha256_of(text, strlen(text), hash);
	for (unsigned i = 0; owner == -EEXIST && i < SNIPPET_ATTEMPTS; i++) {
		snippet_id(hash, i, ret_id);
		owner = id_owner(snippets, ret_id, hash);
	}
	if (owner != 0)
		return owner > 0 ? 0 : owner;
	bind_text(statement, 1, ret_id);
	bind_hash(statement, 2, hash);
	sqlite3_bind_int64(statement, 3, (sqlite3_int64)created_usec);
	bind_text(statement, 4, text);
	return snippets_run(snippets, SNIPPET_INSERT);
}

int snippets_claim(struct snippets *snippets, const char *id, const uint8_t hash[SHA256_BYTES],
		   uint64_t expires_usec)
{
	sqlite3_stmt *statement = snippets->statements[SNIPPET_CLAIM];

	bind_text(statement, 1, id);
	bind_hash(statement, 2, hash);
	if (expires_usec)
		sqlite3_bind_int64(statement, 3, (sqlite3_int64)expires_usec);
	return snippets_run(snippets, SNIPPET_CLAIM);
}

static int token_make(char ret_token[SNIPPET_TOKEN_SIZE], struct error *err)
{
	unsigned char random[(SNIPPET_TOKEN_SIZE - 1) / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set(err, -EIO, "snippet_put", "no random numbers");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(ret_token + 2 * i, 3, "%02x", random[i]);
	return 0;
}

int snippet_put(struct snippets *snippets, const json_t *document, uint64_t expires_usec,
		struct snippet_receipt *ret_receipt, struct error *err)
{
	_cleanup_free_ char *text = snippet_document_text(document);
	struct snippet_receipt receipt;
	uint8_t token_hash[SHA256_BYTES];
	int r = token_make(receipt.delete_token, err);

	if (r < 0)
		return r;
	if (!text)
		return error_set_plain(err, -EIO, "snippet_put", "the server is out of memory");
	sha256_of(receipt.delete_token, SNIPPET_TOKEN_SIZE - 1, token_hash);
	pthread_mutex_lock(&snippets->lock);
	r = snippets_run(snippets, SNIPPET_BEGIN);
	if (r == 0)
		r = snippets_insert(snippets, text, clock_real_usec(), receipt.id);
	if (r == 0)
		r = snippets_claim(snippets, receipt.id, token_hash, expires_usec);
	r = finish(snippets, r, "snippet_put", err);
	pthread_mutex_unlock(&snippets->lock);
	if (r == 0)
		*ret_receipt = receipt;
	return r;
}

int snippet_get(struct snippets *snippets, const char *id, struct snippet *ret_snippet,
		struct error *err)
{
	sqlite3_stmt *statement = snippets->statements[SNIPPET_GET];
	struct snippet snippet = {0};

	if (!snippet_id_is_valid(id))
		return 0;
	pthread_mutex_lock(&snippets->lock);
	bind_text(statement, 1, id);
	int r = sqlite3_step(statement);
	if (r == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		snippet.created_usec = (uint64_t)sqlite3_column_int64(statement, 1);
		snippet.expires_usec = (uint64_t)sqlite3_column_int64(statement, 2);
		snippet.document = json_loads(text ? text : "", JSON_ALLOW_NUL, NULL);
	}
	int failed = r != SQLITE_ROW && r != SQLITE_DONE
			     ? snippets_fail(snippets, "snippet_get", err)
			     : 0;
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	pthread_mutex_unlock(&snippets->lock);
	if (failed)
		return -EIO;
	if (r == SQLITE_ROW && !snippet.document)
		return error_set_plain(err, -EIO, "snippet_get", "snippet %s cannot be read", id);
	if (r == SQLITE_DONE ||
	    (snippet.expires_usec && snippet.expires_usec <= clock_real_usec())) {
		snippet_fini(&snippet);
		return 0;
	}
	*ret_snippet = snippet;
	return 1;
}

void snippet_fini(struct snippet *snippet)
{
	json_decref(snippet->document);
	snippet->document = NULL;
}

/* Within a transaction. Returns 0, -EACCES or -EIO. */
static int unclaim(struct snippets *snippets, const char *id, const char *token)
{
	sqlite3_stmt *statement = snippets->statements[SNIPPET_UNCLAIM];
	uint8_t token_hash[SHA256_BYTES];

	sha256_of(token, strlen(token), token_hash);
	bind_text(statement, 1, id);
	bind_hash(statement, 2, token_hash);
	if (snippets_run(snippets, SNIPPET_UNCLAIM) < 0)
		return -EIO;
	if (sqlite3_changes(snippets->db) == 0)
		return -EACCES;
	bind_text(snippets->statements[SNIPPET_REMOVE], 1, id);
	return snippets_run(snippets, SNIPPET_REMOVE);
}

int snippet_delete(struct snippets *snippets, const char *id, const char *token, struct error *err)
{
	struct snippet snippet;
	int r = snippet_get(snippets, id, &snippet, err);

	if (r <= 0)
		return r < 0 ? r
			     : error_set_plain(err, -ENOENT, "snippet_delete",
					       "there is no snippet %.32s", id);
	snippet_fini(&snippet);
	pthread_mutex_lock(&snippets->lock);
	r = snippets_run(snippets, SNIPPET_BEGIN);
	if (r == 0)
		r = unclaim(snippets, id, token);
	if (r == -EACCES) {
		snippets_run(snippets, SNIPPET_ROLLBACK);
		error_set_plain(err, r, "snippet_delete", "this token is none of snippet %s", id);
	} else {
		r = finish(snippets, r, "snippet_delete", err);
	}
	pthread_mutex_unlock(&snippets->lock);
	return r;
}

int snippets_sweep(struct snippets *snippets, uint64_t now_usec, struct error *err)
{
	static const enum snippet_statement sweeps[] = {SNIPPET_SWEEP, SNIPPET_SWEEP_CLAIMS};

	pthread_mutex_lock(&snippets->lock);
	int r = snippets_run(snippets, SNIPPET_BEGIN);
	for (size_t i = 0; r == 0 && i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
		sqlite3_bind_int64(snippets->statements[sweeps[i]], 1, (sqlite3_int64)now_usec);
		r = snippets_run(snippets, sweeps[i]);
	}
	r = finish(snippets, r, "snippets_sweep", err);
	pthread_mutex_unlock(&snippets->lock);
	return r;
}
