#include "front/snippets_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "front/json_read.h"
#include "front/snippets_internal.h"

enum {
	CLAIMS_MAX = 1 << 16,
	BATCH = 256, /* lines of one transaction, or as many as have … */
	BATCH_BYTES = 4 << 20,
	HASH_HEX = 2 * SHA256_BYTES,
};

/* ---- out ---- */

static json_t *claims_json(struct snippets *snippets, const char *id)
{
	sqlite3_stmt *statement = snippets->statements[SNIPPET_CLAIMS];
	json_t *claims = json_array();
	char hex[HASH_HEX + 1];

	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const uint8_t *hash = sqlite3_column_blob(statement, 0);
		if (sqlite3_column_bytes(statement, 0) != SHA256_BYTES)
			continue;
		for (int i = 0; i < SHA256_BYTES; i++)
			snprintf(hex + 2 * i, 3, "%02x", hash[i]);
		json_t *expires = sqlite3_column_type(statement, 1) == SQLITE_NULL
					  ? json_null()
					  : json_integer(sqlite3_column_int64(statement, 1));
		json_array_append_new(claims, json_pack("{s:s,s:o}", "token_sha256", hex,
							"expires_usec", expires));
	}
	sqlite3_reset(statement);
	return claims;
}

/* The first snippet whose id is above `after`, which becomes its id. Returns 1 and a line, 0, -EIO.
 */
static int next_line(struct snippets *snippets, char after[SNIPPET_ID_SIZE], char **ret_line,
		     struct error *err)
{
	sqlite3_stmt *statement = snippets->statements[SNIPPET_NEXT];
	json_t *line = NULL;

	sqlite3_bind_text(statement, 1, after, -1, SQLITE_TRANSIENT);
	int r = sqlite3_step(statement);
	if (r == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 2);
		snprintf(after, SNIPPET_ID_SIZE, "%s",
			 (const char *)sqlite3_column_text(statement, 0));
		line = json_pack("{s:s,s:I,s:o,s:o}", "id", after, "created_usec",
				 (json_int_t)sqlite3_column_int64(statement, 1), "claims",
				 claims_json(snippets, after), "document",
				 json_loads(text ? text : "", JSON_ALLOW_NUL, NULL));
	} else if (r != SQLITE_DONE) {
		snippets_fail(snippets, "snippets_export", err);
	}
	sqlite3_reset(statement);
	if (r != SQLITE_ROW)
		return r == SQLITE_DONE ? 0 : -EIO;
	*ret_line = line ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	return *ret_line ? 1
			 : error_set_plain(err, -EIO, "snippets_export",
					   "snippet %s cannot be read", after);
}

int snippets_export(struct snippets *snippets, FILE *to, unsigned long *ret_count,
		    struct error *err)
{
	char after[SNIPPET_ID_SIZE] = "";
	unsigned long count = 0;
	int r;

	for (;; count++) {
		_cleanup_free_ char *line = NULL;
		pthread_mutex_lock(&snippets->lock);
		r = next_line(snippets, after, &line, err);
		pthread_mutex_unlock(&snippets->lock);
		if (r <= 0)
			break;
		if (fprintf(to, "%s\n", line) < 0)
			return error_set(err, -EIO, "snippets_export", "cannot write");
	}
	if (r == 0 && fflush(to) != 0)
		return error_set(err, -errno, "snippets_export", "cannot write");
	*ret_count = count;
	return r;
}

/* ---- in ---- */

/* One line, read and checked. */
struct line {
	json_t *json;	      /* owned */
	const json_t *claims; /* borrowed from it */
	char *text;	      /* owned: the document's one text */
	const char *id;	      /* borrowed from it */
	uint64_t created_usec;
};

static void line_fini(struct line *line)
{
	json_decref(line->json);
	free(line->text);
}

static int hash_read(const char *hex, uint8_t ret_hash[SHA256_BYTES])
{
	if (strlen(hex) != HASH_HEX || strspn(hex, "0123456789abcdef") != HASH_HEX)
		return -EINVAL;
	for (int i = 0; i < SHA256_BYTES; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		ret_hash[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return 0;
}

static int claim_read(const json_t *claim, uint8_t ret_hash[SHA256_BYTES], uint64_t *ret_expires,
		      struct error *err)
{
	static const char *const known[] = {"token_sha256", "expires_usec", NULL};
	const char *hex = NULL;

	*ret_expires = 0;
	if (!json_is_object(claim))
		return error_set_plain(err, -EINVAL, "line", "a claim is %s, not an object",
				       json_kind(claim));
	int r = json_check_keys(claim, "claims", known, err);
	if (r >= 0)
		r = json_get_text(claim, "claims", "token_sha256", JSON_REQUIRED, &hex, err);
	if (r >= 0 && hash_read(hex, ret_hash) < 0)
		r = error_set_plain(err, -EINVAL, "line",
				    "`claims.token_sha256` must be %d lower-case hex digits",
				    HASH_HEX);
	if (r >= 0)
		r = json_get_u64(claim, "claims", "expires_usec", JSON_OPTIONAL, 1, ret_expires,
				 err);
	return r < 0 ? r : 0;
}

/* Is the id one that this content can have? */
static int id_check(const struct line *line, struct error *err)
{
	uint8_t hash[SHA256_BYTES];
	char id[SNIPPET_ID_SIZE];

	sha256_of(line->text, strlen(line->text), hash);
	for (unsigned i = 0; i < SNIPPET_ATTEMPTS; i++) {
		snippet_id(hash, i, id);
		if (strcmp(id, line->id) == 0)
			return 0;
	}
	return error_set_plain(err, -EINVAL, "line", "`id` %.32s is not that of this content",
			       line->id);
}

static int line_read(const char *data, size_t len, struct line *line, struct error *err)
{
	static const char *const known[] = {"id", "created_usec", "claims", "document", NULL};
	const json_t *document = NULL;
	json_t *checked = NULL;
	int r = json_read_object(data, len, &line->json, err);

	if (r >= 0)
		r = json_check_keys(line->json, "", known, err);
	if (r >= 0)
		r = json_get_text(line->json, "", "id", JSON_REQUIRED, &line->id, err);
	if (r >= 0)
		r = json_get_u64(line->json, "", "created_usec", JSON_REQUIRED, 0,
				 &line->created_usec, err);
	if (r >= 0)
		r = json_get_array(line->json, "", "claims", JSON_REQUIRED, CLAIMS_MAX,
				   &line->claims, err);
	if (r >= 0)
		r = json_get_object(line->json, "", "document", JSON_REQUIRED, &document, err);
	if (r >= 0)
		r = snippet_document_read(document, &checked, err);
	if (r < 0)
		return r;
	line->text = snippet_document_text(checked);
	json_decref(checked);
	if (!line->text)
		return error_set(err, -ENOMEM, "line", "cannot read it");
	return id_check(line, err);
}

/* Within a transaction. */
static int line_put(struct snippets *snippets, const struct line *line, struct error *err)
{
	uint64_t now = clock_real_usec(), expires_usec;
	uint8_t hash[SHA256_BYTES];
	char id[SNIPPET_ID_SIZE] = "";
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(line->claims); i++) {
		r = claim_read(json_array_get(line->claims, i), hash, &expires_usec, err);
		if (r < 0)
			return r;
		if (expires_usec && expires_usec <= now)
			continue;
		if (!*id)
			r = snippets_insert(snippets, line->text, line->created_usec, id);
		if (r == 0)
			r = snippets_claim(snippets, id, hash, expires_usec);
	}
	return r < 0 ? snippets_fail(snippets, "snippets_import", err) : 0;
}

static int take_line(struct snippets *snippets, const char *data, size_t len, struct error *err)
{
	struct line line = {0};
	int r = line_read(data, len, &line, err);

	if (r == 0)
		r = line_put(snippets, &line, err);
	line_fini(&line);
	return r;
}

/* Lines that are put on record together. */
struct batch {
	char *lines[BATCH]; /* owned */
	size_t lens[BATCH], count, bytes;
};

static void batch_empty(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		free(batch->lines[i]);
	batch->count = batch->bytes = 0;
}

/* Reads lines before the file is locked: they may be long in coming. Returns 0 or a negative errno.
 */
static int batch_read(struct batch *batch, FILE *from, struct error *err)
{
	while (batch->count < BATCH && batch->bytes < BATCH_BYTES) {
		char **line = &batch->lines[batch->count];
		size_t room = 0;
		*line = NULL;
		errno = 0;
		ssize_t len = getline(line, &room, from);
		if (len < 0) {
			free(*line);
			return ferror(from) ? error_set(err, -EIO, "line", "cannot be read") : 0;
		}
		batch->lens[batch->count++] = (size_t)len;
		batch->bytes += (size_t)len;
	}
	return 0;
}

/* count: of the lines taken before; moved on to the one that fails. */
static int batch_put(struct snippets *snippets, const struct batch *batch, unsigned long *count,
		     struct error *err)
{
	int r = snippets_run(snippets, SNIPPET_BEGIN);

	if (r < 0)
		return snippets_fail(snippets, "snippets_import", err);
	for (size_t i = 0; r == 0 && i < batch->count; i++) {
		++*count;
		r = take_line(snippets, batch->lines[i], batch->lens[i], err);
	}
	if (r == 0 && snippets_run(snippets, SNIPPET_COMMIT) < 0)
		r = snippets_fail(snippets, "snippets_import", err);
	if (!sqlite3_get_autocommit(snippets->db))
		snippets_run(snippets, SNIPPET_ROLLBACK);
	return r;
}

int snippets_import(struct snippets *snippets, FILE *from, unsigned long *ret_count,
		    struct error *err)
{
	struct batch batch = {.count = 0};
	struct error fault = {0};
	unsigned long count = 0;
	int r, more = 1;

	for (r = 0; r == 0 && more;) {
		r = batch_read(&batch, from, &fault);
		more = batch.count > 0;
		pthread_mutex_lock(&snippets->lock);
		if (r == 0 && more)
			r = batch_put(snippets, &batch, &count, &fault);
		pthread_mutex_unlock(&snippets->lock);
		batch_empty(&batch);
	}
	if (r < 0)
		return error_set_plain(err, r, "snippets_import", "line %lu: %.190s", count,
				       fault.text);
	*ret_count = count;
	return 0;
}
